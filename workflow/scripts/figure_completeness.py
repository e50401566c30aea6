"""Completeness by magnitude, and the selection function by magnitude and colour."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.paper.figures.style import figure_style, save_outputs
from mstars.paper.figures.whole_survey import draw_completeness
from mstars.survey.completeness import completeness, magnitudes_and_outcome

with job(snakemake), figure_style(snakemake):
    given, out = snakemake.input, snakemake.output
    table = magnitudes_and_outcome(
        read_table(given.m_catalog, ["spectrum_key"]),
        read_table(given.gaia),
        read_table(given.catalog, ["spectrum_key", "rv_flag", "parameter_flag"]),
    )
    shares, cells = completeness(table), completeness(table, ("g", "bp_rp"))
    write_table(shares, out.completeness)
    write_table(cells, out.selection)
    save_outputs(draw_completeness(shares, cells), snakemake)
