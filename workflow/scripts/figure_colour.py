"""Effective temperature against a colour, dwarfs (Figures 24 and 25)."""

from mstars.core.config.outputs import Outliers
from mstars.files.tables import read_table
from mstars.literature.catalogues import titled
from mstars.ops.job import job
from mstars.paper.figures.panels import COLOURS, colour_sample, marked_spectra, parameter_panels
from mstars.paper.figures.sequences import draw_colour
from mstars.paper.figures.style import figure_style, save_outputs
from mstars.paper.isochrones import pick

with job(snakemake), figure_style(snakemake):
    given, params = snakemake.input, snakemake.params
    isochrones = [curve for path in given.isochrones for curve in pick(read_table(path))]
    joined = {name: read_table(path) for name, path in zip(params.joined, given.joined, strict=True)}
    marked = marked_spectra(read_table(given.sample), joined, Outliers(**params.outliers), snakemake.wildcards.number)
    sample = colour_sample(read_table(given.catalog), params.colour)
    sample = sample.assign(**{COLOURS[params.colour][0]: sample[params.colour]})
    titles = titled(joined, params.shown, given.descriptions)
    panels = parameter_panels(sample, read_table(given.apogee), titles)
    save_outputs(draw_colour(panels, *COLOURS[params.colour], isochrones, marked), snakemake)
