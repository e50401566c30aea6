"""Table 8: residuals and losses of the folds on their validation sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.parameters.training_set import LABELS
from mstars.store import read_json, read_table

DECIMALS = {"teff": 0, "logg": 2, "m_h": 2, "alpha_m": 2}
HEADS = {"teff": "ΔTeff (K)", "logg": "Δlog g (dex)", "m_h": "Δ[M/H] (dex)", "alpha_m": "Δ[α/M] (dex)"}


def residuals(predicted: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of predicted - truth, as in the paper (not robust)."""
    difference = np.asarray(predicted, dtype=float) - np.asarray(truth, dtype=float)
    return float(difference.mean()), float(difference.std())


def fold_statistics(folders: Sequence[str | Path], kind: str) -> pd.DataFrame:
    """One row a fold: class, model, n, validation_loss, and ``{label}_mean``, ``{label}_std``."""
    rows = []
    for number, folder in enumerate(folders):
        table = read_table(Path(folder) / "validation.parquet")
        loss = read_json(Path(folder) / "model.json")["about"]["validation_loss"]
        row = {"class": kind, "model": str(number), "n": len(table), "validation_loss": loss}
        for label in LABELS:
            row[f"{label}_mean"], row[f"{label}_std"] = residuals(table[f"{label}_predicted"], table[f"{label}_true"])
        rows.append(row)
    return pd.DataFrame(rows)


def summary_rows(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """All training stars: predicted out of fold, and by the ensemble (nine tenths of which has seen them)."""
    rows = []
    for name, column in (("out of fold", "oof"), ("ensemble", "mean")):
        row = {"class": kind, "model": name, "n": len(table), "validation_loss": np.nan}
        for label in LABELS:
            row[f"{label}_mean"], row[f"{label}_std"] = residuals(table[f"{label}_{column}"], table[f"{label}_true"])
        rows.append(row)
    return pd.DataFrame(rows)


def as_markdown(table: pd.DataFrame) -> str:
    """Table 8 as the paper prints it."""
    lines = ["| Class | Model | n | " + " | ".join(HEADS.values()) + " | Validation loss |", "|---" * 8 + "|"]
    for row in table.to_dict("records"):
        cells = [f"{row[f'{x}_mean']:.{DECIMALS[x]}f} ± {row[f'{x}_std']:.{DECIMALS[x]}f}" for x in LABELS]
        loss = "" if np.isnan(row["validation_loss"]) else f"{row['validation_loss']:.3f}"
        lines.append(f"| {row['class']} | {row['model']} | {row['n']} | " + " | ".join(cells) + f" | {loss} |")
    return "\n".join(lines) + "\n"
