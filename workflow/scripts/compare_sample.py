"""Spectra with recommended parameters, good quality and a class beyond doubt (section 4.2)."""

from mstars.files.tables import read_table, write_table
from mstars.literature.catalogues import comparison_sample
from mstars.ops.job import job

with job(snakemake) as log:
    sample = comparison_sample(*(read_table(snakemake.input[name]) for name in ("catalog", "m_catalog", "apogee")))
    write_table(sample, snakemake.output[0])
    log.info("%d spectra to compare", len(sample))
