"""Spectra per square degree on the sky."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.style import figure_style, save_outputs
from mstars.paper.figures.whole_survey import draw_sky

with job(snakemake), figure_style(snakemake):
    save_outputs(draw_sky(read_table(snakemake.input.catalog, ["ra", "dec"])), snakemake)
