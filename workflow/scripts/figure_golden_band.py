"""The colour-magnitude diagram of the golden sample's primary sample (Du et al. 2024, Figures 1 and 2)."""

from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.golden_sample import draw_band
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    given, kind = snakemake.input, snakemake.wildcards.kind
    save_outputs(draw_band(read_table(given.labels), read_json(given.bands)[kind], kind), snakemake)
