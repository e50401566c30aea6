"""Join the Gaia sources of all cells, and tell which spectra are of one star."""

from mstars.files.tables import read_table, read_tables, write_table
from mstars.ops.job import job
from mstars.sky.gaia import with_stars

with job(snakemake) as log:
    m_catalog = read_table(snakemake.input.m_catalog, ["spectrum_key", "ra", "dec"])
    table = with_stars(read_tables(snakemake.input.cells), m_catalog, snakemake.params.radius_arcsec)
    write_table(table, snakemake.output[0])
