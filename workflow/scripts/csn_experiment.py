"""One of the experiments on Cycle-StarNet: which labels are measured."""

from mstars.core.randomness import rng
from mstars.engines.csn.experiments import EXPERIMENTS, pair_experiment, split_experiment
from mstars.engines.csn.held_back import load_passage, spectra_held_back, true_labels
from mstars.engines.csn.model import ENGINE
from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    settings, wavelength = params.settings, ENGINE.grid(params.settings).wavelength
    x, table = spectra_held_back(read_table(given.table), given.spectra, settings, params.most)
    parts = zip(EXPERIMENTS[wildcards.experiment], given.models, strict=True)
    passages = {part: load_passage(path, wildcards.kind, settings) for part, path in parts}
    if wildcards.experiment == "split":
        draws = int(rng(params.seed, "csn", "experiment").integers(2**31))
        found, numbers = split_experiment(passages["all"], x, table["snri"].to_numpy(), settings, wavelength, draws)
    else:
        truth = true_labels(read_table(given.truth), table["spectrum_key"]) if given.get("truth") else None
        found, numbers = pair_experiment(passages, x, settings, wavelength, truth)
    write_table(found.assign(spectrum_key=table["spectrum_key"], snri=table["snri"]), snakemake.output.table)
    write_json({"experiment": wildcards.experiment, **numbers}, snakemake.output.numbers)
    log.info("%s: %s", wildcards.experiment, numbers)
