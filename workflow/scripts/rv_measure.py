"""Template matching, DSAL I and II of a batch's candidates."""

from mstars.core.config.velocities import Rvmm
from mstars.files.stores import read_batch
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.velocity.match.bank_file import read_bank
from mstars.velocity.stage import measure

with job(snakemake) as log:
    options = Rvmm(**snakemake.params.settings)
    plan = read_table(snakemake.input.plan, ["spectrum_key", "role"])
    wanted = set(plan["spectrum_key"][plan["role"] == "candidate"])
    spectra = read_batch(snakemake.input.spectra).having(wanted)
    bank = read_bank(snakemake.input.bank)
    table = measure(spectra, bank, options, snakemake.threads)
    write_table(table, snakemake.output[0])
    log.info("%d spectra, %d templates, %d without TM velocity", len(table), len(bank), table["rv_tm"].isna().sum())
