"""Errors that mean what they say: an engine's own error and a noise term, fitted on out-of-fold residuals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mstars.core.labels import LABELS
from mstars.core.robust import mad_std
from mstars.core.snr import SNR_I_INTERVALS

MIN_ROWS = 30
"""With fewer residuals the calibrated error is their robust scatter alone."""

SNR_BINS = {"all": (-np.inf, np.inf)}
SNR_BINS |= zip(("0-20", "20-50", "50-100", "100-"), SNR_I_INTERVALS, strict=True)
"""Intervals of S/N_i by name. A limit belongs to the interval below it."""

_CLIP = 5.0
_LABELS_PART = 0.8
_LEAST_SNR = 1.0
_RATIO_EDGES = np.array([10.0, 20.0, 35.0, 50.0, 75.0, 100.0, 150.0])


def pull_width(residual: np.ndarray, error: np.ndarray) -> float:
    """Robust width of residual / error: 1 for honest errors.

    Parameters
    ----------
    residual, error : ndarray, [n]

    Returns
    -------
    float
    """
    return mad_std(np.asarray(residual, dtype=float) / np.asarray(error, dtype=float))


def spread_ratios(
    training: pd.DataFrame, others: pd.DataFrame, least: int = 20, labels: Sequence[str] = LABELS
) -> dict[str, dict]:
    """How much farther apart the models are on stars that none has seen than on training stars, by S/N_i.

    Nine of ten models have seen a training star and agree on it better than on a new one: by a half at low S/N, where
    they have learnt its noise, and hardly at high S/N. The ratio is a line in log ratio and log S/N_i.

    Parameters
    ----------
    training : pandas.DataFrame
        snri and ``{label}_spread`` of training stars.
    others : pandas.DataFrame
        snri and ``{label}_spread`` of stars of the same class that were not trained on.
    least : int
        Rows that an S/N interval needs on both sides.
    labels : sequence of str
        Those of the engine.

    Returns
    -------
    dict
        By label: ``snri`` and ``ratio``, the ends of the line; the ratio is at least 1, and 1 where no interval has
        enough rows.
    """
    inside, outside = (np.digitize(_snr(table["snri"]), _RATIO_EDGES) for table in (training, others))
    ratios = {}
    for label in labels:
        points = []
        for number in range(len(_RATIO_EDGES) + 1):
            seen = training.loc[inside == number, ["snri", f"{label}_spread"]].dropna()
            new = others.loc[outside == number, f"{label}_spread"].dropna()
            if min(len(seen), len(new)) >= least:
                middle = seen.median()
                growth = np.log(max(new.median(), 1e-12) / max(middle[f"{label}_spread"], 1e-12))
                points.append((np.log(max(middle["snri"], _LEAST_SNR)), growth, np.sqrt(min(len(seen), len(new)))))
        ratios[label] = _line(np.array(points))
    return ratios


def _line(points: np.ndarray) -> dict:
    if len(points) == 0:
        return {"snri": [_LEAST_SNR], "ratio": [1.0]}
    x, y, weight = points.T
    ends = np.array([x.min(), x.max()])
    line = np.polyfit(x, y, 1, w=weight) if len(x) > 1 else [0.0, y[0]]
    return {"snri": np.exp(ends).tolist(), "ratio": np.maximum(1.0, np.exp(np.polyval(line, ends))).tolist()}


def _ratio(curve: dict | None, snr: np.ndarray) -> np.ndarray:
    if curve is None:
        return np.ones(len(snr))
    return np.exp(np.interp(np.log(snr), np.log(curve["snri"]), np.log(curve["ratio"])))


def calibrate(
    table: pd.DataFrame,
    label_errors: str = "removed",
    ratios: dict[str, dict] | None = None,
    labels: Sequence[str] = LABELS,
) -> dict:
    """Fit ``error**2 = scale**2 * ((spread_factor * spread)**2 + floor**2 + (noise / snr_i)**2)`` for each label.

    Parameters
    ----------
    table : pandas.DataFrame
        Out-of-fold rows of one class: snri, and for each label ``_true``, ``_oof``, ``_spread`` (the engine's own
        error: ensemble standard deviation, formal error, or 0 for none) and ``_label_err`` (APOGEE's own error; not
        finite or not positive: the others' median).
    label_errors : {"removed", "kept"}
        ``kept`` gives the error against APOGEE's scale: what the labels' own errors add to the residuals stays in.
        ``removed`` finds the share of their quoted errors, from 0 to 1, that the residuals can hold beside the other
        terms, and leaves it out of the error. Residuals can't tell the labels' errors from what the networks do
        wrong alike: of the variance that depends on neither spread nor S/N_i the labels get four fifths at most,
        which fits simulated stars best, and no more than is quoted; the rest is the floor's. So the variance left is
        never negative, whatever is quoted.
    ratios : dict, optional
        Of `spread_ratios`: the spread of training stars is multiplied by them, to be like that of new stars.
    labels : sequence of str
        Those of the engine.

    Returns
    -------
    dict
        By label: spread_factor, floor, noise, scale, label_share (of the quoted errors), label_error (that share of
        their median), rows, bias (median residual; reported, not applied), pull_width (of these rows, with the labels'
        errors added), pull_width_snri (the same in S/N_i intervals) and pull_width_spread (of the ensemble spread
        alone).

    Raises
    ------
    ValueError
        When ``label_errors`` is unknown.
    """
    if label_errors not in ("removed", "kept"):
        raise ValueError(f"label_errors is {label_errors!r}, expected removed or kept")
    result = {}
    snr = _snr(table["snri"])
    for label in labels:
        residual = (table[f"{label}_oof"] - table[f"{label}_true"]).to_numpy(dtype=float)
        curve = (ratios or {}).get(label)
        spread = _ratio(curve, snr) * table[f"{label}_spread"].to_numpy(dtype=float)
        good = np.isfinite(residual) & np.isfinite(spread)
        own = quoted_errors(table[f"{label}_label_err"].to_numpy(dtype=float)[good])
        share = 1.0 if label_errors == "removed" else 0.0
        fit = _calibrate(residual[good], spread[good], snr[good], share * own)
        result[label] = fit | {"spread_ratio": curve}
    return result


def quoted_errors(errors: np.ndarray) -> np.ndarray:
    """Quoted errors, with the median of the known ones where one is missing.

    Parameters
    ----------
    errors : ndarray, [n]
        NaN, -9999 or 0: missing.

    Returns
    -------
    ndarray, [n]
        0 where none is known.
    """
    known = np.isfinite(errors) & (errors > 0)
    return np.where(known, errors, np.median(errors[known]) if known.any() else 0.0)


def _snr(snri) -> np.ndarray:
    return np.maximum(np.nan_to_num(np.asarray(snri, dtype=float), nan=_LEAST_SNR), _LEAST_SNR)


def _calibrate(residual: np.ndarray, spread: np.ndarray, snr: np.ndarray, own: np.ndarray) -> dict:
    typical = max(mad_std(residual), 1e-9) if len(residual) else np.nan
    fit = {"spread_factor": 0.0, "floor": typical, "noise": 0.0, "scale": 1.0, "label_share": 0.0}
    bias = float(np.median(residual)) if len(residual) else np.nan
    if len(residual) >= MIN_ROWS:
        centred = residual - bias
        centred = np.clip(centred, -_CLIP * typical, _CLIP * typical)
        fit |= _most_likely(centred, spread, snr, own, typical)
        fit["scale"] = _scale(residual, _variance(fit, spread, snr), fit["label_share"] * own)
    own = fit["label_share"] * own
    total = np.sqrt(_variance(fit, spread, snr) + own**2)
    inside = {name: (snr > low) & (snr <= high) for name, (low, high) in SNR_BINS.items()}
    widths = {name: pull_width(residual[rows], total[rows]) for name, rows in inside.items()}
    return fit | {
        "label_error": float(np.median(own)) if len(own) else 0.0,
        "rows": len(residual),
        "bias": bias,
        "pull_width": widths.pop("all"),
        "pull_width_snri": widths,
        "pull_width_spread": pull_width(residual, np.maximum(spread, 1e-12)) if spread.any() else np.nan,
    }


def _most_likely(residual, spread, snr, own, typical: float) -> dict:
    """Gaussian maximum likelihood of the terms: without a floor for the labels' share, then of the others beside it."""
    from scipy.optimize import minimize

    middle = np.median(snr)
    constant = np.full_like(spread, typical)
    squares = np.stack([spread, constant, typical * middle / snr, own]) ** 2

    def loss(parameters):
        variance = (parameters**2) @ squares + 1e-6 * typical**2
        gradient = (1 / variance - residual**2 / variance**2) @ squares.T * parameters
        return 0.5 * np.sum(np.log(variance) + residual**2 / variance), gradient

    def best(floor, share):
        start = np.array([1.0, 0.5 if floor == free else 0.0, 0.5, 0.5 if share == free else share[0]])
        return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[free, floor, free, share]).x

    free = (0, None)

    share = 0.0
    if (own > 0).any():
        share = min(1.0, float(best((0, 0), free)[3]) * _LABELS_PART**0.5)
    found = best(free, (share, share))
    names = ("spread_factor", "floor", "noise", "label_share")
    units = (1.0, typical, typical * middle, 1.0)
    return {name: float(value * unit) for name, value, unit in zip(names, found, units, strict=True)}


def _scale(residual, variance, own) -> float:
    """Factor of the model error that makes the robust pull width 1."""

    def excess(scale):
        return pull_width(residual, np.sqrt(scale**2 * variance + own**2)) - 1

    from scipy.optimize import brentq

    if not (variance > 0).all() or excess(0.1) * excess(10.0) > 0:
        return 1.0
    return float(brentq(excess, 0.1, 10.0, xtol=1e-4))


def _variance(fit: dict, spread: np.ndarray, snr: np.ndarray) -> np.ndarray:
    terms = (fit["spread_factor"] * spread) ** 2 + fit["floor"] ** 2 + (fit["noise"] / snr) ** 2
    return fit["scale"] ** 2 * terms


def calibrated_errors(
    calibration: dict, label: str, spread: np.ndarray, snri: np.ndarray, *, single: bool = False
) -> np.ndarray:
    """Calibrated error of a label.

    The residuals that were fitted are of single models. The variance of m models about their mean, spread**2, is what
    averaging takes off, so the mean's error is sqrt(error**2 - spread**2), at least half the single model's.

    Parameters
    ----------
    calibration : dict
        Of `calibrate`.
    label : str
    spread : ndarray, [n]
        The engine's own error, as for `calibrate`.
    snri : ndarray, [n]
        S/N_i; below 1 it counts as 1.
    single : bool
        The error of a single model (an out-of-fold prediction, or an engine that is no ensemble) instead of the
        ensemble's mean.

    Returns
    -------
    ndarray, [n]
        In the label's unit; NaN where the spread is NaN.
    """
    fit = {key: np.nan if value is None else value for key, value in calibration[label].items()}
    spread = np.asarray(spread, dtype=float)
    variance = _variance(fit, spread, _snr(snri)) + 0 * spread
    return np.sqrt(variance if single else np.maximum(variance - spread**2, 0.25 * variance))
