"""How much better CNN-TLMA looks on the fold that stopped its training than on a fold that it has never seen.

    python benchmarks/early_stop.py results/demo

Takes the training sets of a run (`training/tlma_{kind}.parquet`) and its stores. For each fold a network is trained on
all folds but two: the next fold stops the training, the fold itself is never seen. Every star is in both roles once, of
networks trained on equally many stars, so the ratio of the scatters is what the early stop flatters. ``as shipped`` is
the run's own out-of-fold residuals: one fold more to train on, and stopped by the fold that they are of. Errors are
bootstrapped over the stars. Residuals are from the labels trained on. The last line of the output is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.config.whole import filled
from mstars.core.labels import LABELS
from mstars.core.robust import mad_std
from mstars.engines.cnn.training import train_fold
from mstars.engines.inputs import load_inputs, write_inputs
from mstars.engines.registry import enabled_engines, engine_models, engine_settings, load_engine
from mstars.files.tables import read_table
from mstars.networks.inference import predict_regressor

RESAMPLINGS = 400


def spectra(folder: Path, kind: str, settings: dict, scratch: Path) -> tuple[np.ndarray, pd.DataFrame]:
    """Rest-frame inputs and rows of a run's training set."""
    table = read_table(folder / "training" / f"tlma_{kind}.parquet")
    stores = {path.stem: path for path in sorted((folder / "spectra").glob("*.h5"))}
    engine = load_engine("cnn")
    write_inputs(engine, table, stores, settings, scratch / kind)
    return load_inputs(scratch / kind, engine, settings, len(table)).flux, table


def nested(x, table: pd.DataFrame, kind: str, settings: dict, seed: int, scratch: Path) -> dict[str, np.ndarray]:
    """Predictions for each star [n, 4] by the network that its fold stopped, and by the one that never saw it."""
    fold = table["fold"].to_numpy(dtype=int)
    folds = fold.max() + 1
    result = {name: np.full((len(table), len(LABELS)), np.nan) for name in ("stopped", "unseen")}
    for out in range(folds):
        stop, kept = (out + 1) % folds, np.flatnonzero(fold != out)
        model = train_fold(
            np.asarray(x)[kept],
            table.iloc[kept].reset_index(drop=True),
            kind=kind,
            fold=stop,
            networks=settings["networks"],
            settings=settings,
            seed=seed,
            folder=scratch / f"{kind}_{out}",
            about={},
        )
        for name, which in (("stopped", stop), ("unseen", out)):
            rows = np.flatnonzero(fold == which)
            result[name][rows] = predict_regressor(model, np.asarray(x)[rows])
        print(f"{kind}, fold {out} never seen: {model.about['epochs']} epochs", flush=True)
    return result


def ratio(one: np.ndarray, other: np.ndarray, measure, draws) -> list[float]:
    """A measure of one over that of the other, with its bootstrap error."""

    def of(rows):
        return measure(one[rows]) / measure(other[rows])

    drawn = [of(draws.integers(0, len(one), len(one))) for _ in range(RESAMPLINGS)]
    return [round(float(of(np.arange(len(one)))), 3), round(float(np.std(drawn)), 3)]


def rms(values: np.ndarray) -> float:
    """Root mean square: of few stars surer than the robust scatter."""
    return float(np.sqrt(np.mean(values**2)))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="folder of a run")
    parser.add_argument("--kinds", nargs="+", default=list(LUMINOSITY_CLASSES))
    parser.add_argument("--seed", type=int, default=20250407)
    options = parser.parse_args()
    started, found, draws = time.perf_counter(), {}, np.random.default_rng(1)
    config = filled({}, engine_models())
    settings = engine_settings(config, enabled_engines(config)[0])
    with tempfile.TemporaryDirectory() as scratch:
        for kind in options.kinds:
            x, table = spectra(options.results, kind, settings, Path(scratch))
            predicted = nested(x, table, kind, settings, options.seed, Path(scratch))
            own = read_table(options.results / "models" / f"tlma_{kind}" / "out_of_fold.parquet")
            own = table[["spectrum_key"]].merge(own, on="spectrum_key", how="left")
            for column, label in enumerate(LABELS):
                true = table[label].to_numpy(dtype=float)
                stopped, unseen = (predicted[name][:, column] - true for name in ("stopped", "unseen"))
                shipped = (own[f"{label}_oof"] - own[f"{label}_true"]).to_numpy(dtype=float)
                found[f"{kind} {label}"] = {
                    "stopped": mad_std(stopped),
                    "unseen": mad_std(unseen),
                    "as shipped": mad_std(shipped[np.isfinite(shipped)]),
                    "unseen over stopped": ratio(unseen, stopped, mad_std, draws),
                    "unseen over stopped, rms": ratio(unseen, stopped, rms, draws),
                    "n": len(table),
                }
                print(kind, label, found[f"{kind} {label}"])
    print(json.dumps(found | {"seconds": round(time.perf_counter() - started)}))


if __name__ == "__main__":
    main()
