"""Match the candidates with Gaia DR3 and Bailer-Jones distances."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.sky.gaia import match_gaia

with job(snakemake) as log:
    given = snakemake.input
    m_catalog = read_table(given.m_catalog)
    table = match_gaia(m_catalog, given.gaia or None, given.distances or None, snakemake.params.settings)
    write_table(table, snakemake.output[0])
