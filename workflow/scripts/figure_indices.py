"""Activity and metallicity classes of the catalogue."""

from mstars.figures.indices import draw_indices
from mstars.figures.style import save_outputs
from mstars.store import read_table
from mstars.workflow import job

COLUMNS = ["luminosity_class", "cah2", "cah3", "tio5", "ewha", "active", "subtype_tio5"]

with job(snakemake):
    save_outputs(draw_indices(read_table(snakemake.input.extension, COLUMNS), snakemake.params.zeta), snakemake)
