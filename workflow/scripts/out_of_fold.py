"""Out-of-fold predictions of CNN-TLMA for its training stars."""

from pathlib import Path

from mstars.files.tables import read_table, write_table
from mstars.networks.data import load_inputs
from mstars.ops.job import job
from mstars.parameters.ensemble import load_folds, out_of_fold

with job(snakemake) as log:
    models = load_folds([Path(path).parent for path in snakemake.input.models], snakemake.wildcards.kind)
    table = out_of_fold(load_inputs(snakemake.input.spectra), read_table(snakemake.input.table), models)
    write_table(table, snakemake.output[0])
    log.info("%d training spectra", len(table))
