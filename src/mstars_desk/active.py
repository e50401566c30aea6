"""Active learning: from the decisions so far, which of the undecided are likeliest to change the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

LEFT_OUT = ("obsid", "row", "fiberid", "source_id", "plate", "n_spectra", "ra_obs", "dec_obs", "priority")
"""Columns of evidence that name a spectrum and say nothing about it."""

CATEGORIES = ("consensus_label", "spt_class", "wdm_class", "dmgm_class", "lamost_class", "CMD_pos", "candidate_reasons")


def design(table: pd.DataFrame, features: dict[str, np.ndarray]) -> np.ndarray:
    """What the learner is given: the network's features, the evidence, how far velocities lie apart; float64 [n, m].

    Columns are standardised; a missing value is the median and has a column of its own that says so.
    """
    count = len(table)
    size = len(next(iter(features.values()))) if features else 0
    nothing = np.zeros(size, np.float32)
    parts = [np.array([features.get(key, nothing) for key in table["spectrum_key"]], dtype=float).reshape(count, size)]
    numbers = [name for name in table if name not in LEFT_OUT and pd.api.types.is_numeric_dtype(table[name])]
    values = table[numbers].astype(float).to_numpy()
    speeds = [
        values[:, numbers.index(name)] for name in ("lamost_rv", "rv_tm", "rv_dsal1", "rv_dsal2") if name in numbers
    ]
    for k, one in enumerate(speeds):
        for two in speeds[k + 1 :]:
            values = np.column_stack([values, np.log1p(np.abs(one - two))])
    missing = ~np.isfinite(values)
    with np.errstate(invalid="ignore"):
        middle = np.array([np.median(c[np.isfinite(c)]) if np.isfinite(c).any() else 0.0 for c in values.T])
    parts += [np.where(missing, middle, values), missing[:, missing.any(axis=0)].astype(float)]
    for name in CATEGORIES:
        if name in table:
            parts.append(pd.get_dummies(table[name].fillna("").astype(str)).to_numpy(dtype=float))
    matrix = np.column_stack(parts)
    low, high = np.quantile(matrix, [0.005, 0.995], axis=0)
    matrix = np.clip(matrix, low, high)
    spread = matrix.std(axis=0)
    return (matrix - matrix.mean(axis=0))[:, spread > 1e-9] / spread[spread > 1e-9]


def chance_of_change(matrix: np.ndarray, rows: Sequence[int], changed: Sequence[bool]) -> np.ndarray | None:
    """Probability of each candidate that a decision changes the catalogue; None while all decided are alike.

    Parameters
    ----------
    matrix : ndarray, [n, m]
        Of `design`.
    rows, changed : sequence, [k]
        Which candidates are decided, and whether their decision was a change.
    """
    if len(set(changed)) < 2:
        return None
    from sklearn.linear_model import LogisticRegression

    learner = LogisticRegression(C=0.05, class_weight="balanced", max_iter=500)
    learner.fit(matrix[np.asarray(rows)], np.asarray(changed, dtype=int))
    return learner.predict_proba(matrix)[:, 1]


def reorder(order: Sequence[str], score: dict[str, float]) -> list[str]:
    """The order by score, highest first; equals stay as they were."""
    return sorted(order, key=lambda key: -score.get(key, 0.0))
