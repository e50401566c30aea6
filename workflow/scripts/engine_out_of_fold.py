"""Predictions of an engine for its labelled stars, by models that have not seen them and as for new stars."""

from pathlib import Path

from mstars.engines.batch import held_out_table
from mstars.engines.inputs import load_inputs
from mstars.engines.registry import load_engine
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    params, given = snakemake.params, snakemake.input
    engine, table = load_engine(params.engine), read_table(given.table)
    folders = {Path(path).parent.name: Path(path).parent for path in given.models}
    x = load_inputs(given.spectra, engine, params.settings, len(table))
    result = held_out_table(engine, folders, x, table, kind=snakemake.wildcards.kind, settings=params.settings)
    write_table(result, snakemake.output[0])
    log.info("%d labelled spectra", len(table))
