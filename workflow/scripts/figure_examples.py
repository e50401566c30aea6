"""Example spectra (Figures 7, 9 and 11)."""

from mstars.files.stores import stores_by_batch
from mstars.files.tables import read_table, read_tables
from mstars.ops.job import job
from mstars.paper.figures.examples import draw_example_figure
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    given, wanted = snakemake.input, snakemake.params.wanted
    index = read_table(given.index, ["spectrum_key", "batch", "row"])
    stores = stores_by_batch(given.stores)
    table = read_tables(given.tables)
    save_outputs(draw_example_figure(snakemake.wildcards.number, table, wanted, index, stores.__getitem__), snakemake)
