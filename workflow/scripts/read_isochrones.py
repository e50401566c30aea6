"""Isochrones of the user's own files (CMD 3.x output of PARSEC)."""

from mstars.figures.isochrones import read_files
from mstars.store import write_table
from mstars.workflow import job

with job(snakemake):
    write_table(read_files(snakemake.input), snakemake.output[0])
