"""Effective temperature against a colour, dwarfs (Figures 24 and 25)."""

from mstars.figures.diagrams import draw_colour
from mstars.figures.isochrones import pick
from mstars.figures.panels import COLOURS, colour_sample, parameter_panels
from mstars.figures.style import save
from mstars.store import read_table
from mstars.workflow import job

with job(snakemake):
    colour = snakemake.params.colour
    isochrones = [curve for path in snakemake.input.isochrones for curve in pick(read_table(path))]
    sample = colour_sample(read_table(snakemake.input.catalog), colour, snakemake.params.wise_error_max)
    sample = sample.assign(**{COLOURS[colour][0]: sample[colour]})
    panels = parameter_panels(sample, read_table(snakemake.input.apogee))
    save(draw_colour(panels, *COLOURS[colour], isochrones), snakemake.output)
