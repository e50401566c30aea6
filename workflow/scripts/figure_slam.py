"""A figure of Li et al. 2021."""

from mstars.ops.job import job
from mstars.paper.figures.li2021_of_run import draw
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    save_outputs(draw(snakemake.wildcards.number, snakemake.input), snakemake)
