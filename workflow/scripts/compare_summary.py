"""Systematic differences and dispersions of all literature catalogues in one table."""

from mstars.compare.external import all_statistics
from mstars.compare.tables import statistics_table, write_table_files
from mstars.store import read_table, write_table
from mstars.workflow import job

with job(snakemake):
    table = all_statistics([read_table(path) for path in snakemake.input])
    write_table(table, snakemake.output.table)
    write_table_files(statistics_table(table, snakemake.params.survey), [snakemake.output.page])
