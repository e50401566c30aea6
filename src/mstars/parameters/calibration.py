"""Errors that mean what they say: ensemble spread and a noise term, fitted on out-of-fold residuals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import brentq, minimize

from mstars.parameters.training_set import LABELS

MIN_ROWS = 30
"""With fewer residuals the calibrated error is their robust scatter alone."""

_CLIP = 5.0
_LEAST_SNR = 1.0


def robust_sigma(values: np.ndarray) -> float:
    """1.4826 times the median absolute deviation from the median; NaN for no finite value."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    return float(1.4826 * np.median(np.abs(values - np.median(values)))) if len(values) else np.nan


def pull_width(residual: np.ndarray, error: np.ndarray) -> float:
    """Robust width of residual / error: 1 for honest errors."""
    return robust_sigma(np.asarray(residual, dtype=float) / np.asarray(error, dtype=float))


def spread_ratios(training: pd.DataFrame, others: pd.DataFrame, least: int = 20) -> dict[str, float]:
    """How much farther apart the models are on stars that none has seen than on training stars, at like S/N.

    Nine of ten models have seen a training star and agree on it better than on a new one.

    Parameters
    ----------
    training : pandas.DataFrame
        snri and ``{label}_spread`` of training stars.
    others : pandas.DataFrame
        snri and ``{label}_spread`` of stars of the same class that were not trained on.
    least : int
        Rows that an S/N interval needs on both sides.

    Returns
    -------
    dict
        By label, at least 1; 1 where no interval has enough.
    """
    edges = np.array([5.0, 10.0, 20.0, 50.0, 100.0])
    inside, outside = (np.digitize(_snr(table["snri"]), edges) for table in (training, others))
    ratios = {}
    for label in LABELS:
        logs, weights = [], []
        for number in range(len(edges) + 1):
            seen = training.loc[inside == number, f"{label}_spread"].dropna()
            new = others.loc[outside == number, f"{label}_spread"].dropna()
            if min(len(seen), len(new)) >= least:
                logs.append(np.log(new.median() / seen.median()))
                weights.append(min(len(seen), len(new)))
        ratios[label] = max(1.0, float(np.exp(np.average(logs, weights=weights)))) if logs else 1.0
    return ratios


def calibrate(table: pd.DataFrame, label_errors: str = "ignore", ratios: dict[str, float] | None = None) -> dict:
    """Fit ``error**2 = scale**2 * ((spread_factor * spread)**2 + floor**2 + (noise / snr_i)**2)`` for each label.

    Parameters
    ----------
    table : pandas.DataFrame
        Out-of-fold rows of one class: snri, and for each label ``_true``, ``_oof``, ``_spread`` (ensemble standard
        deviation) and ``_label_err`` (APOGEE's own error; NaN: 0).
    label_errors : {"ignore", "subtract"}
        Whether the residuals' share that APOGEE's quoted errors explain is taken off. ``ignore`` gives the error
        against APOGEE's scale, and no error that is too small where the quoted ones are too large.
    ratios : dict, optional
        Of `spread_ratios`: the spread of training stars is multiplied by them, to be like that of new stars.

    Returns
    -------
    dict
        By label: spread_factor, floor, noise, scale, rows, bias (median residual; reported, not applied),
        pull_width (after calibration, of these rows) and pull_width_spread (of the ensemble spread alone).
    """
    result = {}
    for label in LABELS:
        residual = (table[f"{label}_oof"] - table[f"{label}_true"]).to_numpy(dtype=float)
        ratio = (ratios or {}).get(label, 1.0)
        spread = ratio * table[f"{label}_spread"].to_numpy(dtype=float)
        own = np.nan_to_num(table[f"{label}_label_err"].to_numpy(dtype=float)) * (label_errors == "subtract")
        good = np.isfinite(residual) & np.isfinite(spread)
        fit = _calibrate(residual[good], spread[good], _snr(table["snri"])[good], own[good])
        result[label] = fit | {"spread_ratio": ratio}
    return result


def _snr(snri) -> np.ndarray:
    return np.maximum(np.nan_to_num(np.asarray(snri, dtype=float), nan=_LEAST_SNR), _LEAST_SNR)


def _calibrate(residual: np.ndarray, spread: np.ndarray, snr: np.ndarray, own: np.ndarray) -> dict:
    typical = max(robust_sigma(residual), 1e-9) if len(residual) else np.nan
    fit = {"spread_factor": 0.0, "floor": typical, "noise": 0.0, "scale": 1.0}
    bias = float(np.median(residual)) if len(residual) else np.nan
    if len(residual) >= MIN_ROWS:
        centred = residual - bias
        centred = np.clip(centred, -_CLIP * typical, _CLIP * typical)
        fit |= _most_likely(centred, spread, snr, own, typical)
        fit["scale"] = _scale(residual, _variance(fit, spread, snr), own)
    total = np.sqrt(_variance(fit, spread, snr) + own**2)
    return fit | {
        "rows": len(residual),
        "bias": bias,
        "pull_width": pull_width(residual, total) if len(residual) else np.nan,
        "pull_width_spread": pull_width(residual, np.maximum(spread, 1e-12)) if len(residual) else np.nan,
    }


def _most_likely(residual, spread, snr, own, typical: float) -> dict:
    """Gaussian maximum likelihood of the three terms; squares keep them positive."""
    squares = np.stack([spread**2, np.full_like(spread, typical**2), (typical * np.median(snr) / snr) ** 2])

    def loss(parameters):
        variance = (parameters**2) @ squares + own**2 + 1e-6 * typical**2
        gradient = (1 / variance - residual**2 / variance**2) @ squares.T * parameters
        return 0.5 * np.sum(np.log(variance) + residual**2 / variance), gradient

    found = np.abs(minimize(loss, np.array([1.0, 0.5, 0.5]), jac=True, method="L-BFGS-B").x)
    noise = float(found[2] * typical * np.median(snr))
    return {"spread_factor": float(found[0]), "floor": float(found[1] * typical), "noise": noise}


def _scale(residual, variance, own) -> float:
    """Factor of the model error that makes the robust pull width 1."""

    def excess(scale):
        return pull_width(residual, np.sqrt(scale**2 * variance + own**2)) - 1

    if not (variance > 0).all() or excess(0.1) * excess(10.0) > 0:
        return 1.0
    return float(brentq(excess, 0.1, 10.0, xtol=1e-4))


def _variance(fit: dict, spread: np.ndarray, snr: np.ndarray) -> np.ndarray:
    terms = (fit["spread_factor"] * spread) ** 2 + fit["floor"] ** 2 + (fit["noise"] / snr) ** 2
    return fit["scale"] ** 2 * terms


def calibrated_errors(
    calibration: dict, label: str, spread: np.ndarray, snri: np.ndarray, *, single: bool = False
) -> np.ndarray:
    """Calibrated error of a label, in its unit: [n]; NaN where the spread is NaN.

    The residuals that were fitted are of single models. The variance of m models about their mean, spread**2, is what
    averaging takes off, so the mean's error is sqrt(error**2 - spread**2), at least half the single model's.

    Parameters
    ----------
    calibration : dict
        Of `calibrate`.
    label : str
    spread : ndarray, [n]
        Ensemble standard deviation.
    snri : ndarray, [n]
        S/N_i; below 1 it counts as 1.
    single : bool
        The error of a single model (an out-of-fold prediction) instead of the ensemble's mean.
    """
    fit = {key: np.nan if value is None else value for key, value in calibration[label].items()}
    spread = np.asarray(spread, dtype=float)
    variance = _variance(fit, spread, _snr(snri)) + 0 * spread
    return np.sqrt(variance if single else np.maximum(variance - spread**2, 0.25 * variance))
