"""Train more CNN-SPT like that of a bundle, with other random numbers, and ask them alone and together.

    mkdir FOLDER; tar xzf resources/models/simulated-1.tar.gz -C FOLDER
    snakemake --configfile config/box.yaml -- results/box/sim/truth.parquet
    python benchmarks/members.py FOLDER/spt results/box/sim --write build/members

Trainings that differ in random numbers alone differ in what they say of spectra near a boundary. The mean of their
probabilities does so less. The plates' files of the survey that the network was trained on are read; stars of its
validation split stop the trainings, and are asked about: as they are, and with smooth curves larger than those of the
training, as under another sky. ``apart`` is the share of A to M stars that two networks call differently. ``--write``
keeps the networks, and all of them as one model in its folder ``together``; those already there are asked without
training. All is simulated. The last line of the output is one JSON object.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path

import numpy as np
import torch
from averaging import CHUNK, STARS, chosen, files_of, inputs

from mstars.core.config.networks import Networks
from mstars.core.randomness import rng
from mstars.files.tables import read_table
from mstars.networks.augmentation import augment
from mstars.networks.folder import Model, load_model, save_model, together
from mstars.networks.inference import predict_classifier
from mstars.networks.training import train_classifier


def probabilities(model: Model, x: np.ndarray, rows: np.ndarray, curve: float) -> np.ndarray:
    """Of some rows, with smooth curves added: the same ones for every network. [n, class]"""
    parts, draws = [], rng(1, "averaging", "curve")
    for start in range(0, len(rows), CHUNK):
        seen = torch.from_numpy(x[rows[start : start + CHUNK]])
        parts.append(predict_classifier(model, augment(seen, 0.0, 0.0, draws, curve).numpy())[1])
    return np.concatenate(parts)


def scores(found: list[np.ndarray], truth: np.ndarray, star: np.ndarray) -> dict:
    """Shares of A to M stars: right of each network, right together, and called differently by two."""
    called = [one.argmax(axis=1) for one in found]
    pairs = itertools.combinations(called, 2)
    return {
        "right": [round(float((one == truth)[star].mean()), 4) for one in called],
        "apart": [round(float((one != other)[star].mean()), 4) for one, other in pairs],
        "together": round(float((np.mean(found, axis=0).argmax(axis=1) == truth)[star].mean()), 4),
        "n": int(star.sum()),
    }


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="model folder with validation.parquet, of an unpacked bundle")
    parser.add_argument("survey", type=Path, help="folder sim of the survey that it was trained on")
    parser.add_argument("--write", type=Path, required=True, help="folder for the new networks, one a seed")
    parser.add_argument("--epochs", type=int, help="at most (as the first)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--curve", type=float, help="augmentation of these trainings: networks.curve (as the first)")
    parser.add_argument(
        "--most", type=int, nargs=2, default=[200_000, 60_000], help="spectra to train on, to ask about"
    )
    parser.add_argument("--distort", type=float, nargs="+", default=[2.5], help="times the training's curves")
    options = parser.parse_args()
    torch.set_num_threads(1)
    first = load_model(options.model)
    validation = read_table(options.model / "validation.parquet", ["spectrum_key"])
    rows = chosen(files_of(options.survey), validation, first.outputs, tuple(options.most))
    x, valid, labels = inputs(rows), rows["valid"].to_numpy(), rows["label"].to_numpy(dtype=str)
    print(f"{(~valid).sum()} spectra to train on, {valid.sum()} to ask about", flush=True)
    same = {key: value for key, value in first.about["settings"].items() if key != "architecture"}
    asked_for = {"epochs": options.epochs, "curve": options.curve}
    settings = Networks(**same | {key: value for key, value in asked_for.items() if value is not None})
    models, asked, result = [first], np.flatnonzero(valid), {"n_train": int((~valid).sum())}
    for seed in options.seeds:
        started, folder = time.process_time(), options.write / f"seed_{seed}"
        if not (folder / "model.json").is_file():
            about = dict(settings=settings, seed=seed, folder=folder, task="spt", about={"trained_on": "simulated"})
            keys = rows["spectrum_key"].to_numpy(dtype=str)
            train_classifier(x, labels, valid, classes=first.outputs, keys=keys, **about)
        models.append(load_model(folder))
        print(
            f"seed {seed}: {models[-1].about['best_epoch'] + 1} epochs, {time.process_time() - started:.0f} s",
            flush=True,
        )
    truth = np.array([first.outputs.index(label) for label in labels[asked]])
    star = np.isin(labels[asked], STARS)
    for factor in (0.0, *options.distort):
        found = [probabilities(model, x, asked, factor * first.about["settings"]["curve"]) for model in models]
        result[f"distorted {factor:g}" if factor else "as they are"] = scores(found, truth, star)
    save_model(together(models), options.write / "together")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
