"""Match the spectra of a cell with AllWISE or APOGEE."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.sky.catalogues import MATCHES

with job(snakemake) as log:
    given, wildcards = snakemake.input, snakemake.wildcards
    spectra, gaia = read_table(given.cells, cell=wildcards.cell), read_table(given.gaia)
    table = MATCHES[wildcards.catalogue](spectra, gaia, given.table or None, snakemake.params.settings)
    write_table(table, snakemake.output[0])
