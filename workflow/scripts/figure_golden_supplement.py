"""The supplement of the golden sample (Du et al. 2024, Figure 5)."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.golden_sample import draw_supplement
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    save_outputs(draw_supplement(read_table(snakemake.input[0])), snakemake)
