"""Cycle-StarNet beside Gaia, literature, other surveys and binaries (Zhang et al. 2025, Figures 4, 14, 16 to 18)."""

from mstars.ops.job import job
from mstars.paper.figures.beside_surveys import draw
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    save_outputs(draw(snakemake.wildcards.name.split("_", 1)[1], snakemake.input), snakemake)
