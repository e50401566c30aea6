"""Ask for Gaia's sources and their distances around the spectra of a cell."""

from mstars.archives.settings import patience, tap_tables, write_answer
from mstars.archives.sky import gaia_near
from mstars.files.tables import read_table
from mstars.ops.job import job

with job(snakemake):
    params, made = snakemake.params, snakemake.output
    spectra = read_table(snakemake.input.cells, cell=snakemake.wildcards.cell)
    rows, table = gaia_near(spectra, tap_tables(params.tables), params.settings, patience(params.patience))
    write_answer(rows, table, made.table, made.manifest)
