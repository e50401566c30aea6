"""Spectra that SLAM measures with what the figures and tables of Li et al. 2021 set beside them."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.paper.li2021 import slam_sample

with job(snakemake) as log:
    names = ("parameters", "m_catalog", "gaia", "photometry", "apogee")
    tables = [read_table(snakemake.input[name]) for name in names]
    literature = dict(zip(snakemake.params.catalogs, snakemake.input.descriptions, strict=True))
    sample = slam_sample(*tables, literature)
    write_table(sample, snakemake.output[0])
    log.info("%d spectra, %d of them selected", len(sample), sample["selected"].sum())
