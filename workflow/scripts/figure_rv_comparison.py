"""LAMOST's velocities beside those of template matching and of the absorption lines (Figure 10)."""

from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.style import figure_style, save_outputs
from mstars.paper.figures.velocity_comparison import comparisons, draw_rv_comparison

with job(snakemake), figure_style(snakemake):
    selection = read_table(snakemake.input.selection, ["lamost_rv", "rv_tm", "rv_dsal1", "rv_dsal2", "dsal_used"])
    save_outputs(draw_rv_comparison(comparisons(selection, read_json(snakemake.input.summary)["bands"])), snakemake)
