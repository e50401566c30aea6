"""One of the experiments on Cycle-StarNet: which labels are measured."""

from pathlib import Path

import numpy as np

from mstars.core.labels import LABELS
from mstars.core.randomness import rng
from mstars.engines.csn.experiments import EXPERIMENTS, pair_experiment, split_experiment
from mstars.engines.csn.model import ENGINE
from mstars.engines.inputs import load_inputs
from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    settings, wavelength = params.settings, ENGINE.grid(params.settings).wavelength
    table = read_table(given.table)
    inputs = load_inputs(given.spectra, ENGINE, settings, len(table))
    rows = np.flatnonzero((table["split"] == "test") & (np.asarray(inputs.ivar) > 0).any(axis=1))[: params.most]
    x, table = inputs.take(rows), table.iloc[rows].reset_index(drop=True)
    parts = EXPERIMENTS[wildcards.experiment]
    passages = {
        part: ENGINE.load([Path(path).parent], kind=wildcards.kind, settings=settings).passage
        for part, path in zip(parts, given.models, strict=True)
    }
    if wildcards.experiment == "split":
        draws = int(rng(params.seed, "csn", "experiment").integers(2**31))
        found, numbers = split_experiment(passages["all"], x, table["snri"].to_numpy(), settings, wavelength, draws)
    else:
        truth = None
        if given.get("truth"):
            truth = read_table(given.truth).set_index("spectrum_key").reindex(table["spectrum_key"])
            truth = truth.rename(columns={f"true_{label}": label for label in LABELS})
        found, numbers = pair_experiment(passages, x, settings, wavelength, truth)
    write_table(found.assign(spectrum_key=table["spectrum_key"], snri=table["snri"]), snakemake.output.table)
    write_json({"experiment": wildcards.experiment, **numbers}, snakemake.output.numbers)
    log.info("%s: %s", wildcards.experiment, numbers)
