"""A figure of the engines beside each other."""

from mstars.ops.job import job
from mstars.paper.figures.engines_of_run import draw
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    save_outputs(draw(snakemake.wildcards.name, snakemake.input), snakemake)
