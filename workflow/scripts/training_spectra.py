"""Network inputs of a training set, as one array that trainings map into memory."""

from mstars.files.stores import stores_by_batch
from mstars.files.tables import read_table
from mstars.networks.data import write_network_inputs
from mstars.ops.job import job

with job(snakemake) as log:
    table = read_table(snakemake.input.table)
    stores = stores_by_batch(snakemake.input.stores)
    write_network_inputs(table, stores, snakemake.output[0])
    log.info("%d spectra", len(table))
