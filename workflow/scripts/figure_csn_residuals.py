"""Residuals beside the noise, without and with transfer (Zhang et al. 2025, Figure 8)."""

from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.domain_adaptation import draw_residuals
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    given = snakemake.input
    figure = draw_residuals(read_table(given.residuals), read_json(given.numbers), snakemake.params.masks)
    save_outputs(figure, snakemake)
