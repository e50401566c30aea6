"""Kiel diagrams of APOGEE, of the recommended parameters and of literature catalogues (Figure 23)."""

from mstars.core.config.outputs import Outliers
from mstars.files.tables import read_table
from mstars.literature.catalogues import titled
from mstars.ops.job import job
from mstars.paper.figures.panels import marked_spectra, parameter_panels
from mstars.paper.figures.sequences import draw_kiel
from mstars.paper.figures.style import figure_style, save_outputs
from mstars.paper.isochrones import pick

with job(snakemake), figure_style(snakemake):
    given, params = snakemake.input, snakemake.params
    isochrones = [curve for path in given.isochrones for curve in pick(read_table(path))]
    joined = {name: read_table(path) for name, path in zip(params.joined, given.joined, strict=True)}
    marked = marked_spectra(read_table(given.sample), joined, Outliers(**params.outliers), "fig23")
    titles = titled(joined, params.shown, given.descriptions)
    panels = parameter_panels(read_table(given.catalog), read_table(given.apogee), titles)
    save_outputs(draw_kiel(panels, isochrones, marked), snakemake)
