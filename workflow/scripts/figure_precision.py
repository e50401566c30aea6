"""Scatter between repeats of the same star against S/N, with the fit a / (S/N) + b."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.paper.figures.style import figure_style, save_outputs
from mstars.paper.figures.whole_survey import draw_precision
from mstars.survey.repeats import FLAG_OF, precision_table, repeat_pairs

with job(snakemake), figure_style(snakemake):
    catalog = read_table(snakemake.input.catalog)
    fits = precision_table(catalog)
    write_table(fits, snakemake.output.table)
    save_outputs(draw_precision({name: repeat_pairs(catalog, name) for name in FLAG_OF}, fits), snakemake)
