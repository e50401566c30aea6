"""Kiel diagrams of the golden sample and of LASPM's parameters (Du et al. 2024, Figures 10 and 14)."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.sequences import draw_kiel
from mstars.paper.figures.style import figure_style, save_outputs
from mstars.paper.isochrones import pick

METALLICITIES, LOG_AGE = (-0.6, -0.2, 0.2), 9.477  # section 3.2.1: 3 Gyr

with job(snakemake), figure_style(snakemake):
    given = snakemake.input
    table = read_table(given.table, ["spectrum_key", "teff", "logg", "m_h"])
    isochrones = [curve for path in given.isochrones for curve in pick(read_table(path), METALLICITIES, LOG_AGE)]
    save_outputs(draw_kiel({snakemake.params.title: table}, isochrones), snakemake)
