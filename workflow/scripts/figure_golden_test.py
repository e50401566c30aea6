"""Labels of members beside what the cleaning network says of them (Du et al. 2024, Figure 8)."""

from mstars.engines.laspm.golden.sample import tested_members
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.golden_sample import draw_pairs
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    pairs = tested_members(read_table(snakemake.input.labels), read_table(snakemake.input.fates))
    save_outputs(draw_pairs(pairs, ("label", "network"), caption="selected: outliers have left"), snakemake)
