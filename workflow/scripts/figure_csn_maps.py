"""t-SNE maps of both domains (Zhang et al. 2025, Figure 7)."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.domain_adaptation import draw_maps
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    save_outputs(draw_maps(read_table(snakemake.input[0])), snakemake)
