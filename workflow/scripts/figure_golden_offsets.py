"""Catalogues of labels beside the reference (Du et al. 2024, Figures 3 and 4)."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.golden_sample import draw_offsets
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    given = snakemake.input
    figure = draw_offsets(read_table(given.differences), read_table(given.offsets), snakemake.wildcards.kind)
    save_outputs(figure, snakemake)
