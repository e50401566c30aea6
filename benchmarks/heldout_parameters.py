"""Accuracy of CNN-TLMA and of simpler models on simulated stars that they have not seen, by S/N.

    python benchmarks/heldout_parameters.py --library results/templates/library.h5 --kind dM

Two surveys of size ``networks`` with different seeds: the M stars of one are trained on in ten folds, of which the
first ``--folds`` are trained, all of the other is held out. Labels have APOGEE's errors, velocities are off by 4 km/s;
errors are measured against the truth. ``--quiet-sky`` shows the limit that the data set without noise: the same stars
at S/N 300. ``--set key=value`` changes the config's section ``spmm`` (loss_weights, noise, ...). The last line of the
output is one JSON object: for each label and S/N_i interval the robust sigma of a single network, of the mean of those
trained, of ridge regression and of the quadratic model; the biases of metal-poor and alpha-rich stars, which the paper
calls its weakness (section 5).
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

from mstars.networks import predict_regressor
from mstars.parameters.baselines import BASELINES, SNR_BINS
from mstars.parameters.calibration import robust_sigma
from mstars.parameters.training import train_fold
from mstars.parameters.training_set import LABELS
from mstars.simulate import SpectrumMaker, make_plan
from mstars.simulate.catalogs import APOGEE_ERRORS
from mstars.store import rng

RV_ERROR_KMS = 4.0
WEAKNESSES = {"[M/H] < -0.6": ("m_h", -np.inf, -0.6), "[alpha/M] > 0.2": ("alpha_m", 0.2, np.inf)}


def stars(maker: SpectrumMaker, kind: str, seed: int, quiet: bool) -> tuple[np.ndarray, pd.DataFrame]:
    """Rest-frame inputs [n, 5000] and rows (truth, noisy labels, fold) of a survey's single M stars of S/N_max >= 5."""
    plan = make_plan("networks", seed)
    sound = (plan["planted_rv"] == "") & (plan["companion_share"] == 0) & (plan["role"] == "candidate")
    rows = plan[sound & (plan["true_class"] == kind)].drop_duplicates("star").reset_index(drop=True)
    if quiet:
        rows["snri_aim"] = 300.0
    draws = rng(seed, "heldout_parameters", kind)
    x, rows = observed(rows, maker, seed, rows["rv"].to_numpy() + RV_ERROR_KMS * draws.normal(size=len(rows)))
    true = rows[list(LABELS)].add_suffix("_true")
    scatter = np.array([0.25, 0.4, 0.5, 0.5]) * APOGEE_ERRORS[kind]
    rows[list(LABELS)] = true.to_numpy() + scatter * draws.normal(size=true.shape)
    rows = pd.concat([rows, true], axis=1).assign(fold=draws.integers(0, 10, len(rows)))
    usable = (rows["snr_max"] >= 5).to_numpy()
    return x[usable], rows[usable].reset_index(drop=True)


def networks(x, rows, new, config: dict, options, folder: Path) -> np.ndarray:
    """Predictions of each trained fold [fold, m, label]."""
    result = []
    for fold in range(options.folds):
        model = train_fold(
            x,
            rows,
            kind=options.kind,
            fold=fold,
            networks=config["networks"],
            settings=config["spmm"],
            seed=options.seed,
            folder=folder / str(fold),
            about={},
        )
        parts = [predict_regressor(model, new[start : start + 1024]) for start in range(0, len(new), 1024)]
        result.append(np.concatenate(parts))
        print(f"fold {fold}: {model.about['epochs']} epochs", flush=True)
    return np.stack(result)


def measure(predicted: dict[str, np.ndarray], rows: pd.DataFrame) -> dict:
    """Robust sigma and bias of each model against the truth."""
    true, snri = rows[[f"{label}_true" for label in LABELS]].to_numpy(), rows["snri"].to_numpy()
    result = {}
    for name, values in predicted.items():
        residual = values - true
        inside = {key: (snri > low) & (snri <= high) for key, (low, high) in SNR_BINS.items()}
        result[name] = {
            label: {key: robust_sigma(residual[chosen, column]) for key, chosen in inside.items() if chosen.sum() > 20}
            for column, label in enumerate(LABELS)
        }
        for weakness, (label, low, high) in WEAKNESSES.items():
            column = LABELS.index(label)
            where = (true[:, column] > low) & (true[:, column] < high) & (snri > 20)
            result[name][f"bias at {weakness}"] = float(np.median(residual[where, column]))
    return result


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, default=Path("results/templates/library.h5"))
    parser.add_argument("--kind", choices=["dM", "gM"], default="dM")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folds", type=int, default=2, help="of ten, so many are trained")
    parser.add_argument("--quiet-sky", action="store_true", help="S/N 300")
    parser.add_argument("--set", nargs="*", default=[], metavar="key=value", help="changes of the section spmm")
    options = parser.parse_args()
    config = yaml.safe_load((Path(__file__).parents[1] / "config" / "config.yaml").read_text())
    changes = {key: yaml.safe_load(value) for key, value in (item.split("=", 1) for item in options.set)}
    config["spmm"].update(changes)
    started = time.perf_counter()
    maker = SpectrumMaker(options.library, config["simulate"]["make_sources"])
    x, rows = stars(maker, options.kind, options.seed, options.quiet_sky)
    new, held = stars(maker, options.kind, options.seed + 1, options.quiet_sky)
    print(f"{len(x)} to train on, {len(new)} held out, {time.perf_counter() - started:.0f} s", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        trained = networks(x, rows, new, config, options, Path(scratch))
    # the baselines see what one network is trained on
    seen = (rows["fold"] != 0).to_numpy()
    labels = rows.loc[seen, list(LABELS)].to_numpy(dtype=float)
    predicted = {"cnn": trained[0], "cnn_mean": trained.mean(axis=0)}
    for name, model in BASELINES.items():
        predicted[name] = model(x[seen], labels, new)
    about = {"kind": options.kind, "quiet_sky": options.quiet_sky, "changes": changes, "n_train": len(x)}
    about |= {"n_held_out": len(new), "folds": options.folds, "minutes": (time.perf_counter() - started) / 60}
    print(json.dumps({**about, **measure(predicted, held)}))


if __name__ == "__main__":
    main()
