"""How much CNN-SPT depends on the random numbers of its training, by how far back the mean of its weights reaches.

    snakemake --notemp --configfile config/box.yaml -- results/box/training/spt.npy results/box/training/spt.json
    python benchmarks/averaging.py results/box --average 0.992 0.998 0.9992

Trains on ``--spectra`` spectra of a run's training set, once for each seed and each ``networks.average``, and asks the
networks about other stars of the same set: as they are, and with smooth curves of ``--distort`` times the size that
they were trained with, as spectra of another sky would have. ``right`` is the share of each training; ``apart`` the
share of A to M stars that two trainings call differently. ``mean`` averages the probabilities of all seeds. All is
simulated. The last line of the output is one JSON object.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from mstars.core.config.networks import Networks
from mstars.core.config.whole import filled
from mstars.core.randomness import rng
from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.networks.augmentation import augment
from mstars.networks.data import load_network_inputs
from mstars.networks.inference import predict_classifier
from mstars.networks.training import train_classifier

STARS = ("A", "F", "G", "K", "M")
CHUNK = 1024


def split(table, spectra: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on (their own 3:1 split stays), and rows of others to ask about; the order is drawn."""
    order = rng(1, "averaging").permutation(len(table))
    valid = (table["split"] == "valid").to_numpy()
    kept = np.sort(order[:spectra])
    others = order[spectra:]
    return kept, np.sort(others[valid[others]])


def probabilities(model, x: np.ndarray, rows: np.ndarray, curve: float) -> np.ndarray:
    """Of some rows, with smooth curves added; every model gets the same ones."""
    parts, draws = [], rng(1, "averaging", "curve")
    for start in range(0, len(rows), CHUNK):
        seen = torch.from_numpy(np.array(x[rows[start : start + CHUNK]]))
        parts.append(predict_classifier(model, augment(seen, 0.0, 0.0, draws, curve).numpy())[1])
    return np.concatenate(parts)


def scores(found: list[np.ndarray], truth: np.ndarray, classes: list[str]) -> dict:
    """Shares of several trainings that differ in random numbers alone."""
    star = np.isin(truth, [number for number, name in enumerate(classes) if name in STARS])
    called = [one.argmax(axis=1) for one in found]
    pairs = itertools.combinations(called, 2)
    return {
        "right": [round(float((one == truth)[star].mean()), 4) for one in called],
        "apart": [round(float((one != other)[star].mean()), 4) for one, other in pairs],
        "mean": round(float((np.mean(found, axis=0).argmax(axis=1) == truth)[star].mean()), 4),
    }


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="folder of a run that has training/spt.npy")
    parser.add_argument("--average", type=float, nargs="+", default=[0.998])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--spectra", type=int, default=40_000)
    parser.add_argument("--distort", type=float, nargs="+", default=[2.0])
    parser.add_argument("--epochs", type=int, default=30)
    options = parser.parse_args()
    table = read_table(options.results / "training" / "spt.parquet")
    x = load_network_inputs(options.results / "training" / "spt.npy")
    kept, asked = split(table, options.spectra)
    classes = read_json(options.results / "training" / "spt.json")["classes"]
    labels, few = table["label"].to_numpy(dtype=str), np.array(x[kept])
    truth = np.array([classes.index(label) for label in labels[asked]])
    valid = (table["split"] == "valid").to_numpy()[kept]
    settings = filled({})["scm"]["networks"] | {"epochs": options.epochs, "stop_patience": 5, "reduce_patience": 2}
    curves = {"as they are": 0.0} | {f"distorted {factor:g}": factor * settings["curve"] for factor in options.distort}
    result = {"n_train": int((~valid).sum()), "n_asked": len(asked)}
    for average in options.average:
        found: dict[str, list] = {name: [] for name in curves}
        for seed in options.seeds:
            started = time.process_time()
            with tempfile.TemporaryDirectory() as scratch:
                about = dict(classes=classes, seed=seed, folder=scratch, task="spt")
                networks = Networks(**settings | {"average": average})
                model = train_classifier(few, labels[kept], valid, settings=networks, **about)
            told = [model.about["best_epoch"] + 1, model.about["epochs"], round(model.about["validation_loss"], 5)]
            print(f"{average}, seed {seed}: {told}, {time.process_time() - started:.0f} s", flush=True)
            for name, curve in curves.items():
                found[name].append(probabilities(model, x, asked, curve))
        result[str(average)] = {name: scores(parts, truth, classes) for name, parts in found.items()}
        print(average, result[str(average)], flush=True)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
