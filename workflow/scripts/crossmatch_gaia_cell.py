"""Match the spectra of a cell with Gaia DR3 and Bailer-Jones distances."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.sky.gaia import gaia_of_cell

with job(snakemake) as log:
    given = snakemake.input
    spectra = read_table(given.cells, cell=snakemake.wildcards.cell)
    table = gaia_of_cell(spectra, given.gaia or None, given.distances or None, snakemake.params.settings)
    write_table(table, snakemake.output[0])
    log.info("%d of %d spectra matched", table["source_id"].notna().sum(), len(table))
