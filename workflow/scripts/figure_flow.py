"""The flow of counts, ours and the paper's."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.flow import draw_flow
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    numbers, params = read_table(snakemake.input[0]), snakemake.params
    save_outputs(draw_flow(numbers, params.survey, simulated=params.simulated), snakemake)
