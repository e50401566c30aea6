"""Queue random: spectra taken as dM, for the spot check of section 3.4.2."""

from mstars.classify.dgcm import NEEDED
from mstars.files.tables import read_table, read_tables, write_table
from mstars.ops.job import job
from mstars.review.spot_check import spot_check

with job(snakemake) as log:
    given = snakemake.input
    table = spot_check(
        read_table(given.m_catalog, NEEDED["m_catalog"]),
        read_table(given.candidates, ["spectrum_key"]),
        read_tables(given.dmgm, NEEDED["dmgm"]),
        read_table(given.photometry, NEEDED["photometry"]),
        snakemake.params.size,
        snakemake.params.seed,
    )
    write_table(table, snakemake.output[0])
    log.info("%d spectra to spot-check", len(table))
