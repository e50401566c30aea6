"""Train one classifier: CNN-SPT, CNN-WDM or CNN-dMgM."""

from pathlib import Path

from mstars.core.config.networks import Networks
from mstars.core.randomness import rng
from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.networks.data import load_network_inputs
from mstars.networks.training import train_classifier
from mstars.ops.job import job

with job(snakemake) as log:
    task, params = snakemake.wildcards.task, snakemake.params
    member = int(snakemake.wildcards.get("member", 0))
    table, summary = read_table(snakemake.input.table), read_json(snakemake.input.summary)
    model = train_classifier(
        load_network_inputs(snakemake.input.spectra),
        table["label"].to_numpy(dtype=str),
        table["split"].to_numpy(dtype=str) == "valid",
        classes=summary["classes"],
        settings=Networks(**params.settings),
        seed=int(rng(params.seed, "train", task, *([member] if member else [])).integers(2**31)),
        folder=Path(snakemake.output.model).parent,
        task=task,
        keys=table["spectrum_key"].to_numpy(dtype=str),
        about={"trained_on": params.kind, "survey": params.survey, "training_set": summary["hash"]},
    )
    log.info("%s: best epoch %d of %d", task, model.about["best_epoch"] + 1, model.about["epochs"])
