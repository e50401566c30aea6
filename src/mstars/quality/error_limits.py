"""Is a parameter's error as large as its neighbours' (Eqs. 3 and 4)?"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.config.parameters import Quality
from mstars.core.labels import LABELS
from mstars.core.snr import SNR_I_INTERVALS, snr_interval

COEFFICIENTS = ("intercept", "snr_i", *LABELS)

logger = logging.getLogger("mstars")


def interval_name(number: int) -> str:
    """Name of an S/N_i interval.

    Parameters
    ----------
    number : int
        0 to 3.

    Returns
    -------
    str
        ``0-20``, ``20-50``, ``50-100`` or ``100-``.
    """
    lower, upper = SNR_I_INTERVALS[number]
    return f"{lower:g}-{'' if np.isinf(upper) else f'{upper:g}'}"


def _design(table: pd.DataFrame, labels: Sequence[str]) -> np.ndarray:
    columns = [table[name].to_numpy(dtype=float) for name in ("snr_i", *labels)]
    return np.column_stack([np.ones(len(table)), *columns])


def _usable(table: pd.DataFrame, labels: Sequence[str]) -> np.ndarray:
    columns = ["snr_i", *labels, *(f"{label}_err" for label in labels)]
    return np.isfinite(table[columns].to_numpy(dtype=float)).all(axis=1)


def fit_errors(
    table: pd.DataFrame,
    *,
    sigma: float = Quality.default("sigma"),
    min_rows: int = Quality.default("min_rows"),
    labels: Sequence[str] = LABELS,
) -> dict:
    """Fit Eq. 3 once per class and S/N_i interval, without clipping, and find the limit of Eq. 4.

    Parameters
    ----------
    table : pandas.DataFrame
        luminosity_class, snr_i, and the labels (K, dex) with their ``_err``.
    sigma : float
        3 in Eq. 4.
    min_rows : int
        An interval with fewer usable rows takes the fit of all intervals of its class; a class with fewer has none,
        and its rows don't pass.
    labels : sequence of str
        Those of the engine.

    Returns
    -------
    dict
        ``{class: {interval: {label: {coefficients, mean, std, limit, rows, pooled}}}}``; coefficients in the order
        intercept, snr_i, and the labels, in units of the label.
    """
    table = table[_usable(table, labels)]
    number = snr_interval(table["snr_i"])
    fits: dict = {}
    for kind in LUMINOSITY_CLASSES:
        inside = (table["luminosity_class"] == kind).to_numpy(dtype=bool) & (number >= 0)
        fits[kind] = {}
        for k in range(len(SNR_I_INTERVALS)):
            rows = inside & (number == k)
            pooled = np.count_nonzero(rows) < min_rows
            if pooled and np.count_nonzero(inside) < min_rows:
                if rows.any():
                    logger.warning("Eq. 3: %d %s spectra in all, fewer than %d: no fit", inside.sum(), kind, min_rows)
                continue
            chosen = table[inside if pooled else rows]
            fits[kind][interval_name(k)] = {
                label: _fit(chosen, label, sigma, labels) | {"pooled": bool(pooled)} for label in labels
            }
    return fits


def _fit(table: pd.DataFrame, label: str, sigma: float, labels: Sequence[str]) -> dict:
    design, error = _design(table, labels), table[f"{label}_err"].to_numpy(dtype=float)
    # columns of unit size: Teff is 1e3 times the others
    size = np.maximum(np.abs(design).max(axis=0), 1e-12)
    solution = np.linalg.lstsq(design / size, error, rcond=None)[0] / size
    residual = error - design @ solution
    mean, std = float(residual.mean()), float(residual.std())
    return {
        "coefficients": [float(value) for value in solution],
        "mean": mean,
        "std": std,
        "limit": mean + sigma * std,
        "rows": len(table),
    }


def excess_error(
    table: pd.DataFrame, fits: dict, label: str, labels: Sequence[str] = LABELS
) -> tuple[np.ndarray, np.ndarray]:
    """Error beyond the predicted one (Eq. 3), and its upper limit (Eq. 4).

    Parameters
    ----------
    table : pandas.DataFrame
        n rows: snr_i, luminosity_class, the labels and their errors.
    fits : dict
        Of `fit_errors`.
    label : str
        The one whose error is meant.
    labels : sequence of str
        Those that predict it.

    Returns
    -------
    excess, limit : ndarray, [n]
        In the label's unit; NaN where there is no fit.
    """
    excess, limit = np.full(len(table), np.nan), np.full(len(table), np.nan)
    number = snr_interval(table["snr_i"])
    design, error = _design(table, labels), table[f"{label}_err"].to_numpy(dtype=float)
    for kind, intervals in fits.items():
        of_kind = (table["luminosity_class"] == kind).to_numpy(dtype=bool)
        for k in range(len(SNR_I_INTERVALS)):
            fit = intervals.get(interval_name(k))
            if fit is None:
                continue
            rows = of_kind & (number == k)
            excess[rows] = error[rows] - design[rows] @ np.array(fit[label]["coefficients"])
            limit[rows] = fit[label]["limit"]
    return excess, limit


def passes_errors(table: pd.DataFrame, fits: dict, labels: Sequence[str] = LABELS) -> pd.DataFrame:
    """Eq. 4 for each label.

    Parameters
    ----------
    table, fits, labels
        As for `excess_error`.

    Returns
    -------
    pandas.DataFrame of bool
        n rows, one column a label; False without a fit or a number.
    """
    passed = {}
    for label in labels:
        excess, limit = excess_error(table, fits, label, labels)
        # a fit without scatter (all errors on the plane) passes its own rows
        passed[label] = (excess < limit) | np.isclose(excess, limit, rtol=0, atol=1e-12)
    return pd.DataFrame(passed, index=table.index)
