"""Join the matches of all cells with a catalogue."""

from mstars.files.tables import read_table, read_tables, write_table
from mstars.ops.job import job
from mstars.sky.cells import in_order
from mstars.sky.places import log_matches

with job(snakemake) as log:
    m_catalog = read_table(snakemake.input.m_catalog, ["spectrum_key"])
    table = in_order(read_tables(snakemake.input.cells), m_catalog)
    log_matches(snakemake.wildcards.catalogue, table)
    write_table(table, snakemake.output[0])
