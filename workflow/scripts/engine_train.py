"""Train one part of an engine: a fold, or all labelled stars."""

from pathlib import Path

from mstars.engines.inputs import load_inputs
from mstars.engines.registry import load_engine
from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.ops.job import job

with job(snakemake) as log:
    params, wildcards = snakemake.params, snakemake.wildcards
    engine, table = load_engine(params.engine), read_table(snakemake.input.table)
    summary = read_json(snakemake.input.summary)
    engine.train(
        load_inputs(snakemake.input.spectra, engine, params.settings, len(table)),
        table,
        kind=wildcards.kind,
        part=wildcards.part,
        settings=params.settings,
        seed=params.seed,
        folder=Path(snakemake.output.model).parent,
        about={"trained_on": params.trained_on, "survey": params.survey, "training_set": summary["hash"]},
    )
    log.info("%s %s %s: %d labelled spectra", params.engine, wildcards.kind, wildcards.part, len(table))
