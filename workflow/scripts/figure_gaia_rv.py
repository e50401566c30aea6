"""Recommended velocities beside Gaia's (Figure 14)."""

from mstars.compare.criteria import gaia_velocities
from mstars.figures.style import save_outputs
from mstars.figures.velocities import draw_gaia_comparison
from mstars.store import read_table
from mstars.workflow import job

with job(snakemake):
    tables = [read_table(snakemake.input[name]) for name in ("catalog", "gaia", "selection", "decisions")]
    save_outputs(draw_gaia_comparison(gaia_velocities(*tables)), snakemake)
