"""LASPM's parameters beside a catalogue, shifted as the golden sample shifts it (Du et al. 2024, Figures 18 to 20)."""

from mstars.engines.laspm.errors import without_themselves
from mstars.engines.laspm.golden.labels import LABELS, shifted_pairs
from mstars.files.tables import read_table
from mstars.literature.catalogues import described_table, join, read_catalogue
from mstars.ops.job import job
from mstars.paper.figures.golden_sample import draw_pairs
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    given, params = snakemake.input, snakemake.params
    described = described_table(given.description, given.file)
    keys = read_table(given.m_catalog, ["spectrum_key", "obsid", "ra", "dec", "luminosity_class", "snri"])
    keys = keys.merge(read_table(given.stars, ["spectrum_key", "source_id"]), on="spectrum_key")
    joined = join(keys[keys["snri"] >= 10], read_catalogue(described), described)
    parameters = without_themselves(read_table(given.parameters), LABELS)
    pairs = shifted_pairs(parameters, joined, read_table(given.offsets), params.catalogue, params.kinds)
    caption = "S/N$_i$ at least 10,\nlibrary stars without themselves"
    save_outputs(draw_pairs(pairs, (described.title, "LASPM"), caption=caption), snakemake)
