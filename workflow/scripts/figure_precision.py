"""Scatter between repeats of the same star against S/N, with the fit a / (S/N) + b."""

from mstars.compare.repeats import QUANTITIES, pairs, precision_table
from mstars.figures.style import save_outputs
from mstars.figures.survey import draw_precision
from mstars.store import read_table, write_table
from mstars.workflow import job

with job(snakemake):
    catalog = read_table(snakemake.input.catalog)
    fits = precision_table(catalog)
    write_table(fits, snakemake.output.table)
    save_outputs(draw_precision({name: pairs(catalog, name) for name in QUANTITIES}, fits), snakemake)
