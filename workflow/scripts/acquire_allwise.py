"""Ask for AllWISE's sources around the spectra of a cell."""

from mstars.archives.settings import patience, tap_tables, write_answer
from mstars.archives.sky import allwise_near
from mstars.files.tables import read_table
from mstars.ops.job import job

with job(snakemake):
    given, params, made = snakemake.input, snakemake.params, snakemake.output
    spectra, gaia = read_table(given.cells, cell=snakemake.wildcards.cell), read_table(given.gaia)
    rows, table = allwise_near(spectra, gaia, tap_tables(params.tables), params.settings, patience(params.patience))
    write_answer(rows, table, made.table, made.manifest)
