"""Spectra per square degree on the sky."""

from mstars.figures.style import save_outputs
from mstars.figures.survey import draw_sky
from mstars.store import read_table
from mstars.workflow import job

with job(snakemake):
    save_outputs(draw_sky(read_table(snakemake.input.catalog, ["ra", "dec"])), snakemake)
