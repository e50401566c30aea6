"""Train CNN-SPT of a bundle on, at a constant rate, and average its weights over these steps.

    mkdir FOLDER; tar xzf resources/models/simulated-1.tar.gz -C FOLDER
    snakemake --configfile config/box.yaml -- results/box/sim/truth.parquet
    python benchmarks/averaging.py FOLDER/spt results/box/sim --write build/spt

One training ends where its last steps happen to lie. The mean of the weights over several epochs lies in the middle of
them (stochastic weight averaging, Izmailov et al. 2018): it costs nothing at use. The plates' files of the survey that
the network was trained on are read; stars of its validation split are not trained on, and are asked about: as they are,
and with smooth curves larger than those of the training, as under another sky. For each epoch: shares right of the last
weights, of the running mean of ``networks.average``, and of the mean since the first epoch. ``--write`` keeps the mean
as a model folder. All is simulated. The last line of the output is one JSON object.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.optim.swa_utils import AveragedModel

from mstars.core.config.networks import Networks
from mstars.core.randomness import rng
from mstars.files.tables import read_table
from mstars.lamost import grid, reader
from mstars.networks.augmentation import augment
from mstars.networks.class_weights import class_weights
from mstars.networks.epochs import TrainingData, averaged_weights, classifier_loss, train_epoch
from mstars.networks.folder import load_model, save_model
from mstars.networks.inference import predict_classifier
from mstars.spectra.container import SpectrumSet
from mstars.spectra.preprocessing import classifier_input
from mstars.spectra.wavelengths import N_PIXEL, lamost_wavelength

CHUNK = 512
STARS = ("A", "F", "G", "K", "M")


def chosen(plan: pd.DataFrame, validation: pd.DataFrame, classes: list[str], most: tuple[int, int]) -> pd.DataFrame:
    """Rows of the plan whose files are there: label, ``valid``; of training and validation stars at most so many."""
    label = plan["true_class"].where(~plan["true_class"].isin(["dM", "gM"]), "M")
    good = label.isin(classes) & (plan["planted_rv"] == "") & ((plan["role"] == "train") | (label == "M"))
    rows = plan.assign(label=label)[good & plan["there"]]
    seen = validation["spectrum_key"]
    stars = plan.loc[plan["spectrum_key"].isin(seen), "star"]
    rows["valid"] = rows["spectrum_key"].isin(seen)
    rows = rows[rows["valid"] | ~rows["star"].isin(stars)]
    parts = [rows[rows["valid"] == valid] for valid in (False, True)]
    parts = [part.sample(min(len(part), count), random_state=1) for part, count in zip(parts, most, strict=True)]
    return pd.concat(parts).sort_values("spectrum_key", ignore_index=True)


def files_of(survey: Path) -> pd.DataFrame:
    """The survey's plan with the path of each file, and whether it is ``there``."""
    plan = read_table(survey / "plan.parquet")
    fits = {path.name: str(path) for path in (survey / "fits").glob("*/*/*.fits*")}
    names = plan["filename"].where(plan["filename"].isin(fits), plan["filename"] + ".gz")
    return plan.assign(path=names.map(fits), there=names.isin(fits))


def inputs(rows: pd.DataFrame) -> np.ndarray:
    """The network's inputs, [n, 5000]."""
    x = np.empty((len(rows), 5000), np.float32)
    for start in range(0, len(rows), CHUNK):
        part = rows.iloc[start : start + CHUNK]
        flux, ivar, mask = (np.zeros((len(part), N_PIXEL), kind) for kind in ("f4", "f4", "u1"))
        for row, path in enumerate(part["path"]):
            grid.place_on_grid(reader.read_spectrum(path), flux[row], ivar[row], mask[row])
        keys = part["spectrum_key"].to_numpy(dtype=str)
        x[start : start + len(part)] = classifier_input(SpectrumSet(flux, ivar, mask, lamost_wavelength(), keys))
    return x


def right(model, x: np.ndarray, rows: np.ndarray, truth: np.ndarray, curves: dict[str, float]) -> dict[str, float]:
    """Share of A to M stars that are called right, with each size of added curves; all models get the same curves."""
    model.network.eval()
    result = {}
    for name, curve in curves.items():
        called, draws = [], rng(1, "averaging", "curve")
        for start in range(0, len(rows), CHUNK):
            seen = torch.from_numpy(x[rows[start : start + CHUNK]])
            called.append(predict_classifier(model, augment(seen, 0.0, 0.0, draws, curve).numpy())[0])
        result[name] = round(float((np.concatenate(called) == truth)[np.isin(truth, STARS)].mean()), 4)
    return result


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="model folder with validation.parquet, of an unpacked bundle")
    parser.add_argument("survey", type=Path, help="folder sim of the survey that it was trained on")
    parser.add_argument("--write", type=Path, help="keep the mean since the first epoch in this folder")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--rate", type=float, default=0.0005, help="learning rate")
    parser.add_argument("--most", type=int, nargs=2, default=[36_000, 8_000], help="spectra to train on, to ask about")
    parser.add_argument("--distort", type=float, nargs="+", default=[2.5], help="times the training's curves")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, plan = load_model(options.model), files_of(options.survey)
    validation = read_table(options.model / "validation.parquet", ["spectrum_key"])
    rows = chosen(plan, validation, model.outputs, tuple(options.most))
    x, valid, labels = inputs(rows), rows["valid"].to_numpy(), rows["label"].to_numpy(dtype=str)
    print(f"{(~valid).sum()} spectra to train on, {valid.sum()} to ask about", time.process_time(), flush=True)
    settings = Networks(**{key: value for key, value in model.about["settings"].items() if key != "architecture"})
    number = np.array([model.outputs.index(label) for label in labels])
    weight = np.asarray(class_weights(labels[~valid], model.outputs), np.float32)[number]
    data = TrainingData(x, number, weight, np.flatnonzero(~valid), np.flatnonzero(valid))
    curves = {"as they are": 0.0} | {f"distorted {factor:g}": factor * settings.curve for factor in options.distort}
    network = model.network
    optimizer = torch.optim.Adam(network.parameters(), lr=options.rate)
    means = {"running": averaged_weights(network, settings.average), "since the first epoch": AveragedModel(network)}

    def follow(*_) -> None:
        means["running"].update_parameters(network)
        if epoch > 0:
            means["since the first epoch"].update_parameters(network)

    optimizer.register_step_post_hook(follow)
    found = {"before": right(model, x, data.valid, labels[data.valid], curves)}
    print("before", found["before"], flush=True)
    device = torch.device("cpu")
    for epoch in range(options.epochs):
        train_epoch(network, optimizer, data, classifier_loss, settings, device, rng(options.seed, "averaging", epoch))
        trained = {"last weights": network, **({} if epoch == 0 else {name: one.module for name, one in means.items()})}
        for name, one in trained.items():
            one_model = dataclasses.replace(model, network=one)
            found[f"epoch {epoch + 1}, {name}"] = right(one_model, x, data.valid, labels[data.valid], curves)
            print(f"epoch {epoch + 1}, {name}", found[f"epoch {epoch + 1}, {name}"], flush=True)
    print(time.process_time())
    if options.write:
        how = {"epochs": options.epochs, "rate": options.rate, "n_train": int((~valid).sum())}
        mean = means["since the first epoch"].module
        about = model.about | {"weights_averaged": how}
        save_model(dataclasses.replace(model, network=mean, about=about), options.write)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
