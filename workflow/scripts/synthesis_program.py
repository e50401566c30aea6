"""Fetch and build the program that computes spectra, and write its line lists."""

from mstars.ops.job import job
from mstars.templates.synthesis.program import build_program

with job(snakemake):
    build_program(snakemake.output[0], snakemake.params.own)
