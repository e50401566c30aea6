"""Activity and metallicity classes of the catalogue."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.activity import draw_indices
from mstars.paper.figures.style import figure_style, save_outputs

COLUMNS = ["luminosity_class", "cah2", "cah3", "tio5", "ewha", "active", "subtype_tio5"]

with job(snakemake), figure_style(snakemake):
    save_outputs(draw_indices(read_table(snakemake.input.extension, COLUMNS), snakemake.params.zeta), snakemake)
