"""Ask for StarHorse's parameters of the Gaia sources of a cell."""

from mstars.archives.settings import patience, tap_tables, write_answer
from mstars.archives.starhorse import starhorse_of
from mstars.files.tables import read_table
from mstars.ops.job import job

with job(snakemake):
    params, made = snakemake.params, snakemake.output
    source_ids = read_table(snakemake.input.gaia, ["source_id"])["source_id"]
    rows, table = starhorse_of(source_ids, tap_tables(params.tables), patience(params.patience))
    write_answer(rows, table, made.table, made.manifest)
