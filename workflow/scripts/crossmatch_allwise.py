"""Match the candidates with AllWISE."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.sky.allwise import match_allwise

with job(snakemake) as log:
    given = snakemake.input
    m_catalog, gaia = read_table(given.m_catalog), read_table(given.gaia)
    table = match_allwise(m_catalog, gaia, given.allwise or None, snakemake.params.settings)
    write_table(table, snakemake.output[0])
