"""Spectra of a training set as an engine sees them, in arrays that trainings map into memory."""

from pathlib import Path

from mstars.engines.inputs import write_inputs
from mstars.engines.registry import load_engine
from mstars.files.tables import read_table
from mstars.ops.job import job

with job(snakemake) as log:
    table, params = read_table(snakemake.input.table), snakemake.params
    stores = {Path(path).stem: path for path in snakemake.input.stores}
    write_inputs(load_engine(params.engine), table, stores, params.settings, snakemake.output[0])
    log.info("%d spectra", len(table))
