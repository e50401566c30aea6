"""Isochrones of the user's own files (CMD 3.x output of PARSEC)."""

from mstars.files.tables import write_table
from mstars.ops.job import job
from mstars.paper.isochrones import read_isochrones

with job(snakemake):
    write_table(read_isochrones(snakemake.input), snakemake.output[0])
