"""The numbers that Du et al. 2024 print and those of this run."""

import pandas as pd

from mstars.engines.laspm.errors import without_themselves
from mstars.engines.laspm.golden.labels import LABELS
from mstars.files.tables import read_table, read_tables
from mstars.literature.catalogues import join_described
from mstars.ops.job import job
from mstars.paper.du2024 import catalogue_numbers, du2024_table, precision_numbers, sample_numbers
from mstars.paper.rendering import write_table_files

with job(snakemake):
    given, params = snakemake.input, snakemake.params
    labels, fates, offsets = (read_table(path) for path in (given.labels, given.fates, given.offsets))
    keys = read_table(given.m_catalog, ["spectrum_key", "obsid", "ra", "dec", "luminosity_class", "snri"])
    keys = keys.merge(read_table(given.stars, ["spectrum_key", "source_id", "star_id"]), on="spectrum_key")
    parameters = without_themselves(read_table(given.parameters), LABELS)
    ours = sample_numbers(labels, fates, offsets)
    members = fates.loc[fates["stage"] == "member", "spectrum_key"]
    held_out = read_tables(given.held_out)
    repeats = parameters[["spectrum_key", *LABELS]].merge(keys, on="spectrum_key")
    ours |= precision_numbers(held_out[held_out["spectrum_key"].isin(members)], repeats)
    joined = {"starhorse": pd.DataFrame(), "aspcap_dr17": pd.DataFrame()}
    bright = keys[keys["snri"] >= 10]
    joined |= join_described(bright, params.catalogues, given.descriptions, given.files)
    if all(map(len, joined.values())):
        ours |= catalogue_numbers(parameters, joined["starhorse"], joined["aspcap_dr17"], offsets)
    write_table_files(du2024_table(ours, params.survey, params.simulated), snakemake.output)
