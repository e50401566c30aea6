"""Kiel diagrams of APOGEE and of the recommended parameters (Figure 23)."""

from mstars.figures.diagrams import draw_kiel
from mstars.figures.isochrones import pick
from mstars.figures.panels import parameter_panels
from mstars.figures.style import save
from mstars.store import read_table
from mstars.workflow import job

with job(snakemake):
    isochrones = [curve for path in snakemake.input.isochrones for curve in pick(read_table(path))]
    panels = parameter_panels(read_table(snakemake.input.catalog), read_table(snakemake.input.apogee))
    save(draw_kiel(panels, isochrones), snakemake.output)
