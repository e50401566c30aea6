"""Recommended velocities beside Gaia's (Figure 14)."""

from mstars.files.tables import read_table
from mstars.literature.criteria import gaia_velocities
from mstars.ops.job import job
from mstars.paper.figures.style import figure_style, save_outputs
from mstars.paper.figures.velocity_comparison import draw_gaia_comparison

with job(snakemake), figure_style(snakemake):
    tables = [read_table(snakemake.input[name]) for name in ("catalog", "gaia", "selection", "decisions")]
    save_outputs(draw_gaia_comparison(gaia_velocities(*tables)), snakemake)
