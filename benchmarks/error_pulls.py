"""Pulls of the calibrated parameter errors on simulated stars that no network has seen, by S/N. Nothing is trained.

    python benchmarks/error_pulls.py results/demo
    python benchmarks/error_pulls.py results/box --size training --seed 20260101
    python benchmarks/error_pulls.py results/demo --models results/bundles/simulated-1-DIGEST [--refit]

The truth is drawn anew from size and seed. The calibration is fitted anew on the survey's out-of-fold predictions, and
tried on its other single M stars without planted failures. ``single`` is the robust scatter of one network about the
truth: of out-of-fold predictions, and of new stars from the mean's scatter and the spread. More for new stars would say
that out-of-fold predictions are too good. With ``--models`` the survey's stars are new to these models, which predict
them first: their calibration is tried as it is, or with ``--refit`` fitted anew, on all single M stars. The last line
of the output is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.config.whole import filled
from mstars.core.flags import EngineFlag
from mstars.core.labels import LABELS
from mstars.core.robust import MAD_STD_ERROR, mad_std
from mstars.engines.batch import predict_batch
from mstars.engines.cnn.model import ENGINE
from mstars.engines.registry import engine_models, engine_settings
from mstars.files.json_files import read_json
from mstars.files.tables import read_table, read_tables
from mstars.parameters.calibration import SNR_BINS, calibrate, calibrated_errors, pull_width, spread_ratios
from mstars.simulate.observations import draw_survey


def stars(
    folder: Path, models: Path | None, truth: pd.DataFrame, kind: str
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Out-of-fold rows, all other predictions of the class, and of those the stars that nothing is wrong with."""
    seen = read_table((models or folder / "models") / f"tlma_{kind}" / "out_of_fold.parquet")
    if models:  # all stars are new to them
        predicted, seen = predicted_by(models, folder, kind), seen[:0]
    else:
        predicted = read_tables(sorted((folder / "predictions" / "tlma").glob("*.parquet")))
    predicted = predicted.rename(columns={f"{label}_err": f"{label}_spread" for label in LABELS})
    snri = read_table(folder / "catalogs" / "m_catalog_v3.parquet", ["spectrum_key", "snri"])
    predicted = predicted.merge(snri, on="spectrum_key").merge(truth, on="spectrum_key")
    sound = (predicted["flag"] & ~int(EngineFlag.SIMULATION_TRAINED)) == 0
    others = predicted[sound & (predicted["luminosity_class"] == kind)]
    others = others[~others["spectrum_key"].isin(seen["spectrum_key"])]
    trained = truth.loc[truth["spectrum_key"].isin(seen["spectrum_key"]), "star"]
    new = others[others["single"] & (others["true_class"] == kind) & ~others["star"].isin(trained)]
    return seen.merge(truth, on="spectrum_key"), others, new


def predicted_by(models: Path, folder: Path, kind: str) -> pd.DataFrame:
    """The survey's stars of a class by other models."""
    catalog = read_table(folder / "catalogs" / "m_catalog_v3.parquet")
    settings = engine_settings(filled({}, engine_models()), "cnn")
    ensemble = {kind: ENGINE.load(sorted((models / f"tlma_{kind}").glob("fold*")), kind=kind, settings=settings)}
    parts = []
    for batch, rows in catalog[catalog["luminosity_class"] == kind].groupby("batch"):
        store, arguments = folder / "spectra" / f"{batch}.h5", {"settings": settings, "survey_kind": "simulated"}
        parts.append(predict_batch(ENGINE, ensemble, store, rows.reset_index(drop=True), **arguments))
    return pd.concat(parts, ignore_index=True)


def widths(residual: np.ndarray, error: np.ndarray, snri: np.ndarray) -> dict[str, list]:
    """Width of the pull, half its 95 % limits, and number, by S/N_i interval."""
    result = {}
    for name, (low, high) in SNR_BINS.items():
        inside = (snri > low) & (snri <= high)
        if inside.sum() > 1:
            width = pull_width(residual[inside], error[inside])
            half = 1.96 * MAD_STD_ERROR * width / np.sqrt(inside.sum())
            result[name] = [round(width, 3), round(half, 3), int(inside.sum())]
    return result


def singles(seen: pd.DataFrame, new: pd.DataFrame, label: str) -> dict[str, list]:
    """Robust scatter of one network about the truth by S/N_i interval: out of fold, and for new stars."""
    seen = seen[seen["single"]]
    ours = (seen[f"{label}_oof"] - seen[f"true_{label}"]).to_numpy()
    theirs = (new[label] - new[f"true_{label}"]).to_numpy()
    result = {}
    for name, (low, high) in SNR_BINS.items():
        left, right = (table["snri"].between(low, high, inclusive="right").to_numpy() for table in (seen, new))
        if min(left.sum(), right.sum()) > 1:
            other = np.hypot(mad_std(theirs[right]), np.median(new.loc[right, f"{label}_spread"]))
            result[name] = [float(f"{mad_std(ours[left]):.3g}"), float(f"{other:.3g}")]
    return result


def measure(folder: Path, models: Path | None, truth: pd.DataFrame, kind: str, refit: bool) -> dict[str, dict]:
    """By label: pulls, pulls of the spread alone, and the scatter of single networks."""
    seen, others, new = stars(folder, models, truth, kind)
    if models and refit:
        labelled = read_table(models / f"tlma_{kind}" / "out_of_fold.parquet")
        fits = calibrate(labelled, "removed", spread_ratios(labelled, others))
    elif models:
        fits = read_json(models / f"tlma_{kind}" / "calibration.json")
    else:
        fits = calibrate(seen, "removed", spread_ratios(seen, others))
    result = {}
    snri = new["snri"].to_numpy()
    for label in LABELS:
        spread = new[f"{label}_spread"].to_numpy()
        residual = (new[label] - new[f"true_{label}"]).to_numpy()
        error = calibrated_errors(fits, label, spread, snri, new["teff"].to_numpy())
        result[label] = {"pull": widths(residual, error, snri), "spread": pull_width(residual, spread)}
        result[label] |= {"single": singles(seen, new, label), "label_error": fits[label]["label_error"]}
    return result


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="folder of a simulated survey")
    parser.add_argument("--size", default="demo", help="simulate.size")
    parser.add_argument("--seed", type=int, default=20250407, help="survey.seed")
    parser.add_argument("--models", type=Path, help="folder of other models, an unpacked bundle")
    parser.add_argument("--refit", action="store_true", help="fit the calibration of those models anew")
    options = parser.parse_args()
    plan = draw_survey(options.size, options.seed)
    truth = plan[["spectrum_key", "star", "true_class"]].assign(**{f"true_{label}": plan[label] for label in LABELS})
    truth["single"] = (plan["planted_rv"] == "") & (plan["companion_share"] == 0)
    truth = truth.drop_duplicates("spectrum_key")
    found = {kind: measure(options.results, options.models, truth, kind, options.refit) for kind in LUMINOSITY_CLASSES}
    for kind, labels in found.items():
        for label, scores in labels.items():
            shown = ", ".join(f"{name}: {width} +- {half} ({n})" for name, (width, half, n) in scores["pull"].items())
            print(f"{kind} {label}: pulls {shown}; spread alone {scores['spread']:.2f}; one network {scores['single']}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
