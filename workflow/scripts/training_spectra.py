"""Network inputs of a training set, as one array that trainings map into memory."""

from pathlib import Path

from mstars.files.tables import read_table
from mstars.networks.data import write_inputs
from mstars.ops.job import job

with job(snakemake) as log:
    table = read_table(snakemake.input.table)
    stores = {Path(path).stem: path for path in snakemake.input.stores}
    write_inputs(table, stores, snakemake.output[0])
    log.info("%d spectra", len(table))
