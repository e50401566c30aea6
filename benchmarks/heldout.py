"""Accuracy of the three classifiers on simulated stars that they have not seen, by S/N, with binomial limits.

    python benchmarks/heldout.py --library results/templates/library.h5
    python benchmarks/heldout.py --library results/templates/library.h5 --tasks spt --surveys 4
    python benchmarks/heldout.py --models results/box/models --tasks spt --beside results/box/models/spt/members/*

Surveys of size ``networks`` are made in memory with different seeds: ``--surveys`` of them are trained on (3:1), all of
another is held out. What noise alone costs is seen with ``--quiet-sky``: the same stars at S/N 300, with networks
trained on such spectra. ``near`` is the accuracy when a star within two subclasses of a boundary may be on either side
of it. ``--models`` keeps the networks; those already there are asked without training. ``--beside`` names more model
folders, which are asked about the same spectra: ``mended`` and ``harmed`` are spectra that one of them and not the
first network has right, and the reverse. ``--distort`` adds smooth curves to the spectra held out, as under another
sky. The last line of the output is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from mstars.core.config.networks import Networks
from mstars.core.config.whole import filled
from mstars.core.randomness import rng
from mstars.core.robust import share_limits
from mstars.networks.augmentation import augment
from mstars.networks.folder import load_model
from mstars.networks.inference import predict_classifier
from mstars.networks.training import train_classifier
from mstars.simulate.instrument import observe
from mstars.simulate.observations import draw_survey
from mstars.simulate.plates import rest_spectra
from mstars.simulate.spectrum_maker import SpectrumMaker
from mstars.spectra.container import SpectrumSet
from mstars.spectra.preprocessing import classifier_input
from mstars.spectra.wavelengths import lamost_wavelength

SPT = ["OB", "A", "F", "G", "K", "M", "GALAXY", "QSO"]
TASKS = {"spt": SPT, "wdm": ["WD", "M"], "dmgm": ["dM", "gM"]}
_CHANGES = {"stop_patience": 5, "reduce_patience": 2}
EDGES = (5, 10, 20, 50, 1000)
CHUNK = 256
BOUNDARIES = [
    # hotter class, cooler class, Teff of the boundary, two subclasses above it and below it, K (simulation.md)
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
        seen = observe(rest_spectra(part, maker, draws), part, draws)
        keys = part["spectrum_key"].to_numpy(dtype=str)
        spectra = SpectrumSet(seen.flux, seen.ivar, seen.ormask, lamost_wavelength(), keys)
        x[start : start + len(part)] = classifier_input(spectra, None if rv is None else rv[start : start + len(part)])
        best.append(np.max(list(seen.snr.values()), axis=0))
        snri.append(seen.snr["i"])
    return x, rows.assign(snr_max=np.concatenate(best), snri=np.concatenate(snri))


def survey(
    maker: SpectrumMaker, seeds: list[int], most: int, quiet: bool, tasks: list[str]
) -> tuple[np.ndarray, pd.DataFrame]:
    """Inputs of the classifiers [n, 5000] and rows of the surveys' spectra of S/N_max >= 5 that the tasks need."""
    wanted, parts = {name for task in tasks for name in TASKS[task]}, []
    for number, seed in enumerate(seeds):
        rows = choose(draw_survey("networks", seed), seed, most)
        rows = rows[rows["label"].isin(wanted) | rows["true_class"].isin(wanted)]
        parts.append(rows.assign(star=rows["star"] + number * 10**7))
    rows = pd.concat(parts, ignore_index=True)
    if quiet:
        rows["snri_aim"] = 300.0
    x, rows = observed(rows, maker, seeds[0])
    kept = np.flatnonzero(rows["snr_max"] >= 5)
    for start in range(0, len(kept), CHUNK):  # in place: no second copy of the spectra
        part = kept[start : start + CHUNK]
        x[start : start + len(part)] = x[part]
    return x[: len(kept)], rows.iloc[kept].reset_index(drop=True)


def of_task(task: str, rows: pd.DataFrame, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs and true classes of a task's spectra, and which they are."""
    truth = rows["true_class" if task == "dmgm" else "label"]
    chosen = truth.isin(TASKS[task]).to_numpy()
    return x if chosen.all() else x[chosen], truth.to_numpy(dtype=str)[chosen], chosen


def near_boundary(rows: pd.DataFrame, truth: np.ndarray, called: np.ndarray) -> np.ndarray:
    """Whether a star was taken for the neighbouring class and lies within two subclasses of their boundary."""
    teff, step = rows["teff"].to_numpy(dtype=float), np.zeros(len(rows), bool)
    for hot, cool, limit, above, below in BOUNDARIES:
        step |= (truth == hot) & (called == cool) & (teff < limit + above)
        step |= (truth == cool) & (called == hot) & (teff > limit - below)
    return step


def train(x: np.ndarray, rows: pd.DataFrame, config: dict, options: argparse.Namespace, folder: Path) -> dict:
    """The classifiers; stars (not spectra) are split 3:1."""
    stars = rows["star"].to_numpy()
    valid = np.isin(stars, rng(1, "heldout", "split").permutation(np.unique(stars))[: len(np.unique(stars)) // 4])
    models = {}
    for task in options.tasks:
        seen, truth, chosen = of_task(task, rows, x)
        changes = {**_CHANGES, "epochs": options.epochs, "precision": options.precision}
        settings = Networks(**config["dgcm" if task == "dmgm" else "scm"]["networks"] | changes)
        about = dict(classes=TASKS[task], settings=settings, seed=1, folder=folder / task, task=task)
        models[task] = train_classifier(seen, truth, valid[chosen], **about)
    return models


def asked(model, x: np.ndarray) -> np.ndarray:
    """What a network calls each spectrum. [n]"""
    return np.concatenate([predict_classifier(model, x[start : start + 1024])[0] for start in range(0, len(x), 1024)])


def distorted(x: np.ndarray, curve: float) -> np.ndarray:
    """Spectra with smooth curves added, as `mstars.networks.augmentation` adds them in a training."""
    draws = rng(1, "heldout", "distort")
    for start in range(0, len(x), 1024):
        part = torch.from_numpy(x[start : start + 1024])
        x[start : start + 1024] = augment(part, 0.0, 0.0, draws, curve).numpy()
    return x


def beside(folders: list[Path], first, x: np.ndarray, rows: pd.DataFrame) -> dict:
    """Shares right of more models of the first one's task, and what each mends and harms of the first one's."""
    seen, truth, chosen = of_task(first.task, rows, x)
    before, found = asked(first, seen) == truth, {}
    for folder in folders:
        called = asked(load_model(folder), seen)
        right = called == truth
        changed = {"mended": int((right & ~before).sum()), "harmed": int((before & ~right).sum())}
        found[str(folder)] = share(right) | changed
        if first.task == "spt":
            found[str(folder)]["near"] = share(right | near_boundary(rows[chosen], truth, called))
    return found


def share(right: np.ndarray) -> dict:
    """A share with its 95 % limits."""
    low, high = share_limits(right.sum(), len(right))
    if not len(right):
        return {"accuracy": None, "limits": None, "n": 0}
    return {"accuracy": float(right.mean()), "limits": [float(low), float(high)], "n": len(right)}


def measure(models: dict, x: np.ndarray, rows: pd.DataFrame) -> dict:
    """Accuracy of each task on held-out spectra of S/N_max >= 5, by S/N_i, and the confusions."""
    result = {}
    for task, model in models.items():
        seen, truth, chosen = of_task(task, rows, x)
        called = asked(model, seen)
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
    parser.add_argument("--seed", type=int, default=1, help="of the first survey trained on; the others': 100 on")
    parser.add_argument("--test-seed", type=int, help="of the survey held out (seed + 1)")
    parser.add_argument("--surveys", type=int, default=1, help="surveys to train on")
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--per-class", type=int, default=6000, help="spectra of a class and survey, at most")
    parser.add_argument("--epochs", type=int, default=45)
    parser.add_argument("--curve", type=float, help="smooth curves for the first two (else scm.networks.curve)")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help="of the training")
    parser.add_argument("--models", type=Path, help="keep the trained models in this folder, for realism.py --models")
    parser.add_argument("--beside", type=Path, nargs="+", default=[], help="more models of the first task, to ask too")
    parser.add_argument("--distort", type=float, help="smooth curves added to the spectra held out")
    parser.add_argument("--quiet-sky", action="store_true", help="train and measure without noise instead")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config = filled({})
    maker = SpectrumMaker(options.library, config["simulate"]["make_sources"])
    if options.curve is not None:
        config["scm"]["networks"]["curve"] = options.curve
    started, n_train = time.perf_counter(), None
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.models or Path(scratch)
        if all((folder / task / "model.json").is_file() for task in options.tasks):
            models = {task: load_model(folder / task) for task in options.tasks}
        else:
            seeds = [options.seed + 100 * number for number in range(options.surveys)]
            x, rows = survey(maker, seeds, options.per_class, options.quiet_sky, options.tasks)
            n_train = rows["label"].value_counts().to_dict()
            logging.info("%d spectra to train on: %s", len(x), n_train)
            models = train(x, rows, config, options, folder)
            del x
        test_seed = options.seed + 1 if options.test_seed is None else options.test_seed
        x, rows = survey(maker, [test_seed], options.per_class, options.quiet_sky, options.tasks)
        x = distorted(x, options.distort) if options.distort else x
        result = measure(models, x, rows)
        if options.beside:
            result["beside"] = beside(options.beside, models[options.tasks[0]], x, rows)
    about = {"quiet_sky": options.quiet_sky, "surveys": options.surveys, "test_seed": test_seed, "n_train": n_train}
    about["minutes"] = (time.perf_counter() - started) / 60
    about["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({**about, **result}))


if __name__ == "__main__":
    main()
