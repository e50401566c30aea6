"""Precision of LASPM from repeats (Du et al. 2024, Figures 16 and 17)."""

from mstars.engines.laspm.errors import without_themselves
from mstars.engines.laspm.golden.labels import LABELS
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.laspm import deviations, draw_deviations, draw_errors
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    given = snakemake.input
    table = without_themselves(read_table(given.parameters), LABELS)[["spectrum_key", *LABELS]]
    table = table.merge(read_table(given.m_catalog, ["spectrum_key", "snri"]), on="spectrum_key")
    table = deviations(table.merge(read_table(given.stars, ["spectrum_key", "star_id"]), on="spectrum_key"))
    draw = draw_errors if snakemake.wildcards.what == "errors" else draw_deviations
    save_outputs(draw(table), snakemake)
