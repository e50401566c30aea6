"""Band indices and H alpha of the M stars of a batch."""

from mstars.catalog.extension import batch_indices
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given = snakemake.input
    rv = read_table(given.m_catalog, ["spectrum_key", "rv"], batch=snakemake.wildcards.batch)
    table = batch_indices(given.spectra, rv.set_index("spectrum_key")["rv"], snakemake.params.calibration)
    write_table(table, snakemake.output[0])
    log.info("%d spectra, %d active", len(table), (table["active"] == 1).sum())
