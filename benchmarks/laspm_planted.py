"""Cleaning of the golden sample on simulated stars: planted bad candidates that leave, good ones that are lost.

Every M spectrum of a simulated survey is a candidate; its labels are the truth with small errors. Of each kind so many
are spoilt: wrong labels, a second star in the light, an arc lamp, cosmic rays. Those that leave because a bin is full
count in neither share.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.engines.laspm.golden.clusters import CROWDED, FAINT
from mstars.engines.laspm.golden.labels import LABELS
from mstars.engines.laspm.golden.sample import MEMBER, after_review, cluster_candidates, finish_sample
from mstars.engines.laspm.golden.settings import Golden
from mstars.engines.laspm.golden.spectra import GRID, SampleSpectra, read_spectra
from mstars.engines.laspm.golden.theory import brought_to_theory, read_shapes
from mstars.files.stores import stores_by_batch
from mstars.files.tables import read_table
from mstars.spectra.normalisation import mean_normalised

LABEL_ERROR = (25.0, 0.04, 0.05)
FAR = {"dM": (250.0, 0.3, 0.3), "gM": (200.0, 0.5, 0.4)}
"""A wrong label is at least so far from the true one, in one of the labels at least."""


def candidates(folder: Path, kind: str, draws: np.random.Generator) -> tuple[pd.DataFrame, SampleSpectra]:
    catalog = read_table(folder / "catalogs" / "m_catalog_v3.parquet")[
        ["spectrum_key", "luminosity_class", "rv", "snri"]
    ]
    truth = pd.read_parquet(folder / "sim" / "truth.parquet")
    truth = truth[truth["true_class"] == kind].drop(columns="snri")
    where = read_table(folder / "ingest" / "spectra.parquet")[["spectrum_key", "batch", "row"]]
    table = catalog[catalog["luminosity_class"] == kind].merge(where, on="spectrum_key").merge(truth, on="spectrum_key")
    table = table[np.isfinite(table["rv"]) & (table["snri"] >= 10)].reset_index(drop=True)
    for label, error in zip(LABELS, LABEL_ERROR, strict=True):
        table[label] = table[f"true_{label}"] + draws.normal(0, error, len(table))
    table = table.assign(star_id=table["star_id_true"].astype(str), source="planted")
    return table, read_spectra(table, stores_by_batch(sorted((folder / "spectra").glob("*.h5"))))


def spoil(table: pd.DataFrame, spectra: SampleSpectra, each: int, kind: str, draws: np.random.Generator) -> np.ndarray:
    """Spoil candidates in place; what was done to each ('' for good ones)."""
    n, flux = len(table), spectra.flux
    what, chosen = np.full(n, "", object), draws.permutation(n)[: 4 * each].reshape(4, each)
    for name, rows in zip(("label", "double", "lamp", "cosmic"), chosen, strict=True):
        what[rows] = name
    labels, pixel, x = table[list(LABELS)].to_numpy(), np.arange(len(GRID)), np.linspace(-1, 1, len(GRID))
    original = flux.copy()
    for row in np.flatnonzero(what == "label"):
        far = (np.abs(labels - labels[row]) > FAR[kind]).any(axis=1)
        table.loc[row, list(LABELS)] = labels[draws.choice(np.flatnonzero(far))]
    good = np.flatnonzero(what == "")
    for row in np.flatnonzero(what == "double"):
        share, shift = draws.uniform(0.3, 0.5), draws.choice([-1, 1]) * draws.integers(4, 8)
        flux[row] = (1 - share) * original[row] + share * np.roll(original[draws.choice(good)], shift)
    noise = np.sqrt(1 / np.where(spectra.ivar > 0, spectra.ivar, np.inf))
    for row in np.flatnonzero(what == "lamp"):
        lines = np.zeros(len(GRID))
        for centre in draws.integers(0, len(GRID), 30):
            lines += draws.uniform(0.2, 3) * np.exp(-0.5 * ((pixel - centre) / 1.5) ** 2)
        flux[row] = 1 + 0.4 * x + lines + draws.normal(0, 1, len(GRID)) * noise[row]
    for row in np.flatnonzero(what == "cosmic"):
        hit = draws.random(len(GRID)) < 0.03
        flux[row, hit] += draws.exponential(3, hit.sum())
    spectra.flux, spectra.ivar = mean_normalised(flux, spectra.ivar)
    return what


def trial(table: pd.DataFrame, spectra: SampleSpectra, what: np.ndarray, settings: dict) -> dict:
    start = time.process_time()
    clustered = cluster_candidates(table, spectra, settings)
    decisions = clustered.queue.rename(columns={"consensus_label": "label"}).assign(review_status="provisional")
    found = finish_sample(
        table, spectra, after_review(clustered.table, decisions), settings, np.random.default_rng(5)
    )  # fmt: skip
    fates = found.fates.assign(what=what, snri=table["snri"], source="").reset_index(drop=True)
    fates = fates[~fates["reason"].isin([CROWDED, FAINT])]
    result = {"candidates": len(table), "considered": len(fates), "processor_s": round(time.process_time() - start, 1)}
    for name, own in fates.groupby("what"):
        gone = own["stage"] != MEMBER
        bright = own["snri"] > 30
        result[name or "good"] = {
            "n": len(own), "gone": round(gone.mean(), 3), "gone_above_30": round(gone[bright].mean(), 3),
            "stages": own.loc[gone, "stage"].value_counts().to_dict(),
        }  # fmt: skip
    bad = fates["what"] != ""
    result["bad_gone"] = round((fates.loc[bad, "stage"] != MEMBER).mean(), 3)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("results/demo"))
    parser.add_argument("--each", type=int, default=50, help="bad candidates of each of the four kinds, of dwarfs")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--kinds", default="dM,gM")
    parser.add_argument("--recalibrate", default="median", choices=("median", "theory", "none"))
    options, result = parser.parse_args(), {}
    for kind in options.kinds.split(","):
        draws = np.random.default_rng(options.seed)
        table, spectra = candidates(options.folder, kind, draws)
        what = spoil(table, spectra, options.each if kind == "dM" else options.each // 4, kind, draws)
        settings = Golden().model_dump()
        settings["clusters"]["recalibrate"] = options.recalibrate
        if options.recalibrate == "theory":
            shapes = read_shapes(options.folder / "sim" / f"sed_{kind}.h5", kind, settings["theory"])
            spectra = brought_to_theory(spectra, table[list(LABELS)].to_numpy(dtype=float), shapes, 2)
        result[kind] = trial(table, spectra, what, settings)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
