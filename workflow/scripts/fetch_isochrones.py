"""Isochrones of 9 Gyr from the packaged grid."""

from mstars.figures.isochrones import fetch_grid
from mstars.store import write_table
from mstars.workflow import job

with job(snakemake):
    write_table(fetch_grid(snakemake.params.own), snakemake.output[0])
