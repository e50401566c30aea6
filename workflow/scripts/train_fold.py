"""Train one fold of CNN-TLMA."""

from pathlib import Path

from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.networks.data import load_inputs
from mstars.ops.job import job
from mstars.parameters.training import train_fold

with job(snakemake) as log:
    params, kind, fold = snakemake.params, snakemake.wildcards.kind, int(snakemake.wildcards.fold)
    summary = read_json(snakemake.input.summary)
    model = train_fold(
        load_inputs(snakemake.input.spectra),
        read_table(snakemake.input.table),
        kind=kind,
        fold=fold,
        networks=params.networks,
        settings=params.settings,
        seed=params.seed,
        folder=Path(snakemake.output.model).parent,
        about={"trained_on": params.kind, "survey": params.survey, "training_set": summary["hash"]},
    )
    log.info("tlma_%s fold %d: best epoch %d of %d", kind, fold, model.about["best_epoch"] + 1, model.about["epochs"])
