"""Median residuals of each plate and spectrograph."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.paper.figures.style import figure_style, save_outputs
from mstars.paper.figures.whole_survey import draw_plates
from mstars.survey.plate_offsets import group_medians, residuals

with job(snakemake), figure_style(snakemake):
    table = residuals(read_table(snakemake.input.catalog), read_table(snakemake.input.gaia))
    plates, spectrographs = group_medians(table, "plate"), group_medians(table, "spectrograph")
    write_table(plates, snakemake.output.plates)
    write_table(spectrographs, snakemake.output.spectrographs)
    save_outputs(draw_plates(plates, spectrographs), snakemake)
