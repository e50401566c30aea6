"""Accuracy of CNN-TLMA and of simpler models on simulated stars that they have not seen, by S/N.

    python benchmarks/heldout_parameters.py --library results/templates/library.h5 --kind dM --folds 10
    python benchmarks/heldout_parameters.py --kind dM --against loss_weights=density --against "noise=0.1 shift_kms=5"

Two surveys of size ``networks`` with different seeds: the M stars of one are trained on in ten folds, of which the
first ``--folds`` are trained, all of the other is held out. Labels have APOGEE's errors, velocities are off by 4 km/s;
errors are measured against the truth. ``--quiet-sky`` shows the limit that the data set without noise: the same stars
at S/N 300. ``--set key=value`` changes keys of ``spmm`` or ``spmm.networks`` (noise, ...) for all that follows;
each ``--against`` trains the same folds with further changes and compares, with bootstrap errors over the stars.
``--keep`` names a folder for spectra and predictions: a run that was stopped goes on there, and the next one trains
only what is new. The last line of the output is one JSON object: for each label and S/N_i interval the robust sigma of
a single network, of the mean of those trained, of ridge regression and of the quadratic model; the biases of
metal-poor and alpha-rich stars, which the paper calls its weakness (section 5); and the pull widths of the calibrated
errors against the truth.
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
from heldout import observed

from mstars.core.config.whole import filled
from mstars.core.labels import LABELS
from mstars.core.randomness import rng
from mstars.core.robust import mad_std
from mstars.engines.cnn.baselines import BASELINES
from mstars.engines.cnn.ensemble import spread_of_others
from mstars.engines.cnn.training import train_fold
from mstars.networks.inference import predict_regressor
from mstars.parameters.calibration import (
    SNR_BINS,
    calibrate,
    calibrated_errors,
    pull_width,
    spread_ratios,
)
from mstars.simulate.observations import draw_survey
from mstars.simulate.sky_tables import APOGEE_ERRORS
from mstars.simulate.spectrum_maker import SpectrumMaker

RV_ERROR_KMS = 4.0
BINS = SNR_BINS | {"50-": (50, np.inf)}
WEAKNESSES = {"[M/H] < -0.6": ("m_h", -np.inf, -0.6), "[alpha/M] > 0.2": ("alpha_m", 0.2, np.inf)}
RESAMPLINGS = 400


def stars(make, kind: str, seed: int, quiet: bool) -> tuple[np.ndarray, pd.DataFrame]:
    """Rest-frame inputs [n, 5000] and rows (truth, noisy labels, fold) of a survey's single M stars of S/N_max >= 5."""
    plan = draw_survey("networks", seed)
    sound = (plan["planted_rv"] == "") & (plan["companion_share"] == 0) & (plan["role"] == "candidate")
    rows = plan[sound & (plan["true_class"] == kind)].drop_duplicates("star").reset_index(drop=True)
    if quiet:
        rows["snri_aim"] = 300.0
    draws = rng(seed, "heldout_parameters", kind)
    x, rows = observed(rows, make(), seed, rows["rv"].to_numpy() + RV_ERROR_KMS * draws.normal(size=len(rows)))
    true = rows[list(LABELS)].add_suffix("_true")
    scatter = np.array([0.25, 0.4, 0.5, 0.5]) * APOGEE_ERRORS[kind]
    rows[list(LABELS)] = true.to_numpy() + scatter * draws.normal(size=true.shape)
    rows = pd.concat([rows, true], axis=1).assign(fold=draws.integers(0, 10, len(rows)))
    usable = (rows["snr_max"] >= 5).to_numpy()
    return x[usable], rows[usable].reset_index(drop=True)


def kept_stars(make, kind: str, seed: int, quiet: bool, folder: Path) -> tuple[np.ndarray, pd.DataFrame]:
    """`stars`, read from the folder where they are there."""
    name = folder / f"{kind}_{seed}{'_quiet' * quiet}"
    table, spectra = name.with_suffix(".parquet"), name.with_suffix(".npy")
    if not table.exists():
        x, rows = stars(make, kind, seed, quiet)
        np.save(spectra, x)
        rows.to_parquet(table)
    return np.load(spectra, mmap_mode="r"), pd.read_parquet(table)


def changed(section: dict, changes: dict) -> dict:
    """A section with the changes of its own keys."""
    return section | {key: value for key, value in changes.items() if key in section}


def predictions(sets, config: dict, changes: dict, options, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Of each trained fold: labels of the stars held out [fold, m, 4] and of those of the training survey."""
    (x, rows), (new, _) = sets
    result = [], []
    for fold in range(options.folds):
        path = folder / f"{options.kind}_{options.seed}{'_quiet' * options.quiet_sky}_{named(changes)}_{fold}.npz"
        if not path.exists():
            model = train_fold(
                x,
                rows,
                kind=options.kind,
                fold=fold,
                networks=changed(config["spmm"]["networks"], changes),
                settings=changed(config["spmm"], changes),
                seed=options.seed,
                folder=path.with_suffix(""),
                about={},
            )
            np.savez(path, new=_in_parts(model, new), seen=_in_parts(model, x))
            print(f"{named(changes)}, fold {fold}: {model.about['epochs']} epochs", flush=True)
        arrays = np.load(path)
        for part, key in zip(result, ("new", "seen"), strict=True):
            part.append(arrays[key])
    return np.stack(result[0]), np.stack(result[1])


def _in_parts(model, x: np.ndarray) -> np.ndarray:
    return np.concatenate([predict_regressor(model, x[start : start + 1024]) for start in range(0, len(x), 1024)])


def named(changes: dict) -> str:
    """A name of changed settings."""
    return ",".join(f"{key}={value}" for key, value in changes.items()) or "as configured"


def parsed(items: list[str]) -> dict:
    """Settings of ``key=value`` texts."""
    return {key: yaml.safe_load(value) for key, value in (item.split("=", 1) for item in items)}


def measure(predicted: dict[str, np.ndarray], rows: pd.DataFrame) -> dict:
    """Robust sigma and bias of each model against the truth."""
    true, snri = rows[[f"{label}_true" for label in LABELS]].to_numpy(), rows["snri"].to_numpy()
    result = {}
    for name, values in predicted.items():
        residual = values - true
        inside = {key: (snri > low) & (snri <= high) for key, (low, high) in BINS.items()}
        result[name] = {
            label: {key: mad_std(residual[chosen, column]) for key, chosen in inside.items() if chosen.sum() > 20}
            for column, label in enumerate(LABELS)
        }
        for weakness, (column, where) in weak_spots(rows).items():
            result[name][f"bias at {weakness}"] = float(np.median(residual[where, column]))
    return result


def weak_spots(rows: pd.DataFrame) -> dict[str, tuple[int, np.ndarray]]:
    """Column of the label and rows of S/N_i above 20 of each weakness."""
    result = {}
    for weakness, (label, low, high) in WEAKNESSES.items():
        true = rows[f"{label}_true"]
        result[weakness] = LABELS.index(label), ((true > low) & (true < high) & (rows["snri"] > 20)).to_numpy()
    return result


def compare(values: np.ndarray, reference: np.ndarray, rows: pd.DataFrame) -> dict:
    """Biases of the weak spots, and scatter above S/N_i 20 over the reference's, each with its bootstrap error."""
    true = rows[[f"{label}_true" for label in LABELS]].to_numpy()
    bright, draws = np.flatnonzero(rows["snri"] > 20), np.random.default_rng(1)
    result = {}
    for column, label in enumerate(LABELS):
        pair = np.column_stack([values[bright, column], reference[bright, column]]) - true[bright, column][:, None]

        def ratio(chosen, pair=pair):
            return mad_std(pair[chosen, 0]) / mad_std(pair[chosen, 1])

        result[f"{label} sigma ratio"] = with_error(ratio, len(bright), draws)
    for weakness, (column, where) in weak_spots(rows).items():
        residual = values[where, column] - true[where, column]

        def middle(chosen, residual=residual):
            return np.median(residual[chosen])

        result[f"bias at {weakness}"] = with_error(middle, len(residual), draws)
    return result


def pulls(rows: pd.DataFrame, seen: np.ndarray, held: pd.DataFrame, new: np.ndarray, kind: str) -> dict:
    """Pull widths of calibrated errors: of the mean of new stars against the truth, by label and S/N_i interval."""
    trained = (rows["fold"] < len(seen)).to_numpy()
    rows, seen = rows[trained].reset_index(drop=True), seen[:, trained]
    fold = rows["fold"].to_numpy(dtype=int)
    own, spread = seen[fold, np.arange(len(rows))], spread_of_others(seen, fold)
    training, others = pd.DataFrame({"snri": rows["snri"]}), pd.DataFrame({"snri": held["snri"]})
    for column, label in enumerate(LABELS):
        training[f"{label}_true"], training[f"{label}_label_err"] = rows[label], APOGEE_ERRORS[kind][column]
        training[f"{label}_oof"], training[f"{label}_spread"] = own[:, column], spread[:, column]
        others[f"{label}_spread"] = new[:, :, column].std(axis=0)
    ratios, result = spread_ratios(training, others), {}
    for how in ("removed", "kept"):
        fits = calibrate(training, how, ratios)
        for column, label in enumerate(LABELS):
            teff = new[:, :, 0].mean(axis=0)
            error = calibrated_errors(fits, label, others[f"{label}_spread"], held["snri"], teff)
            residual = new[:, :, column].mean(axis=0) - held[f"{label}_true"].to_numpy()
            inside = {key: (held["snri"] > low) & (held["snri"] <= high) for key, (low, high) in BINS.items()}
            widths = {key: pull_width(residual[chosen], error[chosen]) for key, chosen in inside.items()}
            result[f"{label} {how}"] = widths | {"label_error": fits[label]["label_error"]}
            result[f"{label} spread alone"] = pull_width(residual, others[f"{label}_spread"])
    return result


def with_error(statistic, n: int, draws) -> tuple[float, float]:
    """A statistic of n rows and its bootstrap standard error."""
    drawn = [statistic(draws.integers(0, n, n)) for _ in range(RESAMPLINGS)]
    return round(float(statistic(np.arange(n))), 4), round(float(np.std(drawn)), 4)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, default=Path("results/templates/library.h5"))
    parser.add_argument("--kind", choices=["dM", "gM"], default="dM")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folds", type=int, default=2, help="of ten, so many are trained")
    parser.add_argument("--quiet-sky", action="store_true", help="S/N 300")
    parser.add_argument("--set", nargs="*", default=[], metavar="key=value", help="changes of spmm and spmm.networks")
    parser.add_argument("--against", action="append", default=[], metavar="'key=value ...'", help="compared with it")
    parser.add_argument("--keep", type=Path, help="folder for spectra and predictions")
    options = parser.parse_args()
    config = filled({})
    changes, started = parsed(options.set), time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)

        def make():
            return SpectrumMaker(options.library, config["simulate"]["make_sources"])

        sets = [
            kept_stars(make, options.kind, seed, options.quiet_sky, folder) for seed in (options.seed, options.seed + 1)
        ]
        (x, rows), (new, held) = sets
        print(f"{len(x)} to train on, {len(new)} held out, {time.perf_counter() - started:.0f} s", flush=True)
        trained, on_seen = predictions(sets, config, changes, options, folder)
        others = {
            named(further): predictions(sets, config, changes | further, options, folder)[0]
            for further in (parsed(item.split()) for item in options.against)
        }
        # the baselines see what one network is trained on
        seen = (rows["fold"] != 0).to_numpy()
        labels = rows.loc[seen, list(LABELS)].to_numpy(dtype=float)
        predicted = {"cnn": trained[0], "cnn_mean": trained.mean(axis=0)}
        for name, model in BASELINES.items():
            predicted[name] = model(x[seen], labels, new)
    about = {"kind": options.kind, "quiet_sky": options.quiet_sky, "changes": changes, "n_train": len(x)}
    about |= {"n_held_out": len(new), "folds": options.folds, "minutes": (time.perf_counter() - started) / 60}
    about |= {f"n at {name}": int(where.sum()) for name, (_, where) in weak_spots(held).items()}
    reference = predicted["cnn_mean"]
    compared = {"none": compare(reference, reference, held)}
    compared |= {name: compare(values.mean(axis=0), reference, held) for name, values in others.items()}
    result = {**about, **measure(predicted, held), "compared": compared}
    if options.folds > 2:
        result["pulls"] = pulls(rows, on_seen, held, trained, options.kind)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
