"""Loss of the cleaning network (Du et al. 2024, Figure 7)."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.golden_sample import draw_loss
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    save_outputs(draw_loss(read_table(snakemake.input[0])), snakemake)
