"""Join StarHorse's rows of all cells, and describe them as a literature catalogue."""

from mstars.archives.manifest import joined_manifest
from mstars.files.tables import read_tables, write_table
from mstars.literature.fetched import write_description
from mstars.ops.job import job

with job(snakemake) as log:
    given, made = snakemake.input, snakemake.output
    table = read_tables(given.cells).drop_duplicates("source_id").sort_values("source_id", ignore_index=True)
    write_table(table, made.table)
    joined_manifest(given.manifests).write(made.manifest)
    write_description("starhorse", made.table, made.description)
    log.info("StarHorse has %d of the survey's stars", len(table))
