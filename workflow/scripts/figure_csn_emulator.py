"""Error of the emulator over the theory grid (Zhang et al. 2025, Figure 3)."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.domain_adaptation import draw_emulator
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    save_outputs(draw_emulator(read_table(snakemake.input[0])), snakemake)
