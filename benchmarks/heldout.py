"""Accuracy of the three classifiers on simulated stars that they have not seen, by S/N, with binomial limits.

    python benchmarks/heldout.py --library results/templates/library.h5

Two surveys of size ``networks`` are made in memory with different seeds: one is trained on (3:1), all of the other is
held out. What noise alone costs is seen with ``--quiet-sky``: the same stars at S/N 300, with networks trained on such
spectra. ``near`` is the accuracy when a star within two subclasses of a boundary may be on either side of it. The last
line of the output is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from mstars.configuration import training_section
from mstars.networks import Settings, predict_classifier, train_classifier
from mstars.simulate import SpectrumMaker, make_plan
from mstars.simulate.instrument import observe
from mstars.simulate.plates import _make as spectra_of
from mstars.spectra import SpectrumSet, classifier_input, lamost_wavelength
from mstars.store import rng
from mstars.validate.statistics import wilson

SPT = ["OB", "A", "F", "G", "K", "M", "GALAXY", "QSO"]
TASKS = {"spt": SPT, "wdm": ["WD", "M"], "dmgm": ["dM", "gM"]}
_CHANGES = {"stop_patience": 5, "reduce_patience": 2}
EDGES = (5, 10, 20, 50, 1000)
CHUNK = 256
BOUNDARIES = [
    # hotter class, cooler class, Teff of the boundary, two subclasses above it and below it, K (docs/simulation.md)
    ("OB", "A", 9800, 1500, 560),
    ("A", "F", 7100, 540, 216),
    ("F", "G", 6020, 216, 246),
    ("G", "K", 4790, 230, 148),
    ("K", "M", 4050, 148, 390),
]


def choose(plan: pd.DataFrame, seed: int, most: int) -> pd.DataFrame:
    """The plan's rows of training spectra and M stars without planted failures, at most so many of a class."""
    m_star = plan["true_class"].isin(["dM", "gM"]) & (plan["role"] == "candidate") & (plan["planted_rv"] == "")
    plan = plan[m_star | (plan["role"] == "train")]
    parts = [part.sample(min(len(part), most), random_state=seed) for _, part in plan.groupby("true_class")]
    rows = pd.concat(parts, ignore_index=True).sort_values("spectrum_key", ignore_index=True)
    return rows.assign(label=rows["true_class"].where(~rows["true_class"].isin(["dM", "gM"]), "M"))


def observed(
    rows: pd.DataFrame, maker: SpectrumMaker, seed: int, rv: np.ndarray | None = None
) -> tuple[np.ndarray, pd.DataFrame]:
    """Inputs of the networks [n, 5000] (at rest with ``rv``, km/s) and the rows with their S/N."""
    x, best, snri = np.empty((len(rows), 5000), np.float32), [], []
    for start in range(0, len(rows), CHUNK):
        part = rows.iloc[start : start + CHUNK].reset_index(drop=True)
        draws = rng(seed, "heldout", start)
        seen = observe(spectra_of(part, maker, draws), part, draws)
        keys = part["spectrum_key"].to_numpy(dtype=str)
        spectra = SpectrumSet(seen.flux, seen.ivar, seen.ormask, lamost_wavelength(), keys)
        x[start : start + len(part)] = classifier_input(spectra, None if rv is None else rv[start : start + len(part)])
        best.append(np.max(list(seen.snr.values()), axis=0))
        snri.append(seen.snr["i"])
    return x, rows.assign(snr_max=np.concatenate(best), snri=np.concatenate(snri))


def survey(maker: SpectrumMaker, seed: int, most: int, quiet: bool) -> tuple[np.ndarray, pd.DataFrame]:
    """Inputs of the classifiers [n, 5000] and rows of a survey's training spectra and M stars."""
    rows = choose(make_plan("networks", seed), seed, most)
    if quiet:
        rows["snri_aim"] = 300.0
    return observed(rows, maker, seed)


def near_boundary(rows: pd.DataFrame, truth: np.ndarray, called: np.ndarray) -> np.ndarray:
    """Whether a star was taken for the neighbouring class and lies within two subclasses of their boundary."""
    teff, step = rows["teff"].to_numpy(dtype=float), np.zeros(len(rows), bool)
    for hot, cool, limit, above, below in BOUNDARIES:
        step |= (truth == hot) & (called == cool) & (teff < limit + above)
        step |= (truth == cool) & (called == hot) & (teff > limit - below)
    return step


def train(x: np.ndarray, rows: pd.DataFrame, config: dict, epochs: int, folder: Path) -> dict:
    """The three classifiers; stars (not spectra) are split 3:1."""
    stars = rows["star"].to_numpy()
    valid = np.isin(stars, rng(1, "heldout", "split").permutation(np.unique(stars))[: len(np.unique(stars)) // 4])
    models = {}
    for task, classes in TASKS.items():
        truth = rows["true_class" if task == "dmgm" else "label"]
        chosen = (truth.isin(classes) & (rows["snr_max"] >= 5)).to_numpy()
        settings = Settings.from_config(training_section(config, task), **_CHANGES, epochs=epochs)
        options = dict(classes=classes, settings=settings, seed=1, folder=folder / task, task=task)
        models[task] = train_classifier(x[chosen], truth.to_numpy(dtype=str)[chosen], valid[chosen], **options)
    return models


def share(right: np.ndarray) -> dict:
    """A share with its 95 % limits."""
    low, high = wilson(int(right.sum()), len(right))
    if not len(right):
        return {"accuracy": None, "limits": None, "n": 0}
    return {"accuracy": float(right.mean()), "limits": [low, high], "n": len(right)}


def measure(models: dict, x: np.ndarray, rows: pd.DataFrame) -> dict:
    """Accuracy of each task on held-out spectra of S/N_max >= 5, by S/N_i, and the confusions."""
    result = {}
    for task, classes in TASKS.items():
        truth = rows["true_class" if task == "dmgm" else "label"]
        chosen = (truth.isin(classes) & (rows["snr_max"] >= 5)).to_numpy()
        truth = truth.to_numpy(dtype=str)[chosen]
        called, _ = predict_classifier(models[task], x[chosen])
        right, snri = called == truth, rows["snri"].to_numpy()[chosen]
        bins = {
            f"{low}-{high}": share(right[(snri >= low) & (snri < high)])
            for low, high in zip(EDGES[:-1], EDGES[1:], strict=True)
        }
        wrong = pd.Series([f"{a}->{b}" for a, b in zip(truth[~right], called[~right], strict=True)], dtype=str)
        result[f"{task}_accuracy"] = float(right.mean())
        result[task] = {**share(right), "by_snri": bins, "wrong": wrong.value_counts().head(8).to_dict()}
        if task == "spt":
            result[task]["near"] = share(right | near_boundary(rows[chosen], truth, called))
    return result


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, default=Path("results/templates/library.h5"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-class", type=int, default=6000, help="spectra of a class, at most")
    parser.add_argument("--epochs", type=int, default=45)
    parser.add_argument("--curve", type=float, help="augmentation of the first two: smooth curves (else scm.curve)")
    parser.add_argument("--models", type=Path, help="keep the trained models in this folder, for realism.py --models")
    parser.add_argument("--quiet-sky", action="store_true", help="train and measure without noise instead")
    options = parser.parse_args()
    config = yaml.safe_load((Path(__file__).parents[1] / "config" / "config.yaml").read_text())
    maker = SpectrumMaker(options.library, config["simulate"]["make_sources"])
    if options.curve is not None:
        config["scm"]["curve"] = options.curve
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        x, rows = survey(maker, options.seed, options.per_class, options.quiet_sky)
        models = train(x, rows, config, options.epochs, options.models or Path(scratch))
        n_train = len(x)
        del x
        x, rows = survey(maker, options.seed + 1, options.per_class, options.quiet_sky)
        result = measure(models, x, rows)
    print(
        json.dumps(
            {
                "quiet_sky": options.quiet_sky,
                "n_train": n_train,
                "minutes": (time.perf_counter() - started) / 60,
                **result,
            }
        )
    )


if __name__ == "__main__":
    main()
