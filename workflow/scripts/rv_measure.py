"""Template matching, DSAL I and II of a batch's candidates."""

import numpy as np

from mstars.core.config.velocities import Rvmm
from mstars.files.stores import read_batch
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.templates.library import load_library
from mstars.velocity.match.library_bank import bank_of
from mstars.velocity.stage import measure

with job(snakemake) as log:
    options = Rvmm(**snakemake.params.settings)
    plan = read_table(snakemake.input.plan, ["spectrum_key", "role"])
    wanted = plan["spectrum_key"][plan["role"] == "candidate"]
    spectra = read_batch(snakemake.input.spectra)
    spectra = spectra.select(np.isin(spectra.spectrum_key, wanted.to_numpy(dtype=str)))
    bank = bank_of(load_library(snakemake.input.templates, sources=snakemake.params.sources), options.tm)
    table = measure(spectra, bank, options, snakemake.threads)
    write_table(table, snakemake.output[0])
    log.info("%d spectra, %d templates, %d without TM velocity", len(table), len(bank), table["rv_tm"].isna().sum())
