"""Offsets, scatter and trends of every pair of sources."""

from mstars.files.tables import read_table, write_table
from mstars.literature.engine_labels import read_sources
from mstars.literature.engine_pairs import compare_sources
from mstars.ops.job import job

with job(snakemake) as log:
    sources = read_sources(snakemake.input.sources)
    table = compare_sources(read_table(snakemake.input.table), sources)
    write_table(table, snakemake.output[0])
    log.info("%d pairs, %d rows", len(table[["first", "second"]].drop_duplicates()), len(table))
