"""LAMOST's velocities beside those of template matching and of the absorption lines (Figure 10)."""

from mstars.figures.style import save_outputs
from mstars.figures.velocities import comparisons, draw_rv_comparison
from mstars.store import read_json, read_table
from mstars.workflow import job

with job(snakemake):
    selection = read_table(snakemake.input.selection, ["lamost_rv", "rv_tm", "rv_dsal1", "rv_dsal2", "dsal_used"])
    save_outputs(draw_rv_comparison(comparisons(selection, read_json(snakemake.input.summary)["bands"])), snakemake)
