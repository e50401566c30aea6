"""Match the candidates with APOGEE DR16."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.sky.apogee import match_apogee

with job(snakemake) as log:
    given = snakemake.input
    m_catalog, gaia = read_table(given.m_catalog), read_table(given.gaia)
    table = match_apogee(m_catalog, gaia, given.apogee or None, snakemake.params.settings)
    write_table(table, snakemake.output[0])
