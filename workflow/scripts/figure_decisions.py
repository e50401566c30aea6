"""The decisions of the four modules as flowcharts (Figure 1)."""

from mstars.ops.job import job
from mstars.paper.figures.decision_flow import draw_decisions
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    save_outputs(draw_decisions(snakemake.params.settings), snakemake)
