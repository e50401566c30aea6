"""The templates that velocities are measured with, ready for the jobs of all batches."""

from mstars.core.config.velocities import Rvmm
from mstars.ops.job import job
from mstars.templates.library import load_library
from mstars.velocity.match.bank_file import write_bank
from mstars.velocity.match.library_bank import bank_of

with job(snakemake) as log:
    params, options = snakemake.params, Rvmm(**snakemake.params.settings)
    bank = bank_of(load_library(snakemake.input.templates, sources=params.sources), options.tm)
    write_bank(bank, options.tm, snakemake.output[0], snakemake.threads)
    log.info("%d templates, %d of them over the longer range", len(bank), 0 if bank.wide is None else len(bank.wide))
