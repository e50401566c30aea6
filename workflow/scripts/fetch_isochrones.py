"""Isochrones of 9 Gyr from the packaged grid."""

from mstars.files.tables import write_table
from mstars.ops.job import job
from mstars.paper.isochrones import fetch_grid

with job(snakemake):
    write_table(fetch_grid(snakemake.params.own), snakemake.output[0])
