"""Members measured by the sample without themselves (Du et al. 2024, Figure 9)."""

from mstars.files.tables import read_table, read_tables
from mstars.ops.job import job
from mstars.paper.figures.golden_sample import draw_leave_one_out
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    given = snakemake.input
    table = read_tables(given.tables)
    if given.library:
        table = table[table["spectrum_key"].isin(read_table(given.library, ["spectrum_key"])["spectrum_key"])]
    save_outputs(draw_leave_one_out(table), snakemake)
