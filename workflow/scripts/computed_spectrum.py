"""The computed spectrum of one star."""

from mstars.ops.job import job
from mstars.templates.synthesis.grid import write_spectrum

with job(snakemake):
    write_spectrum(snakemake.input[0], snakemake.wildcards.star, snakemake.params.microturbulence, snakemake.output[0])
