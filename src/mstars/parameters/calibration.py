"""Errors that mean what they say: an engine's own error and a noise term, fitted on out-of-fold residuals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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

_CLIP = 3.5
_ROUNDS = 8
_LABELS_PART = 0.6
_LABEL_ERRORS = {"removed": 0.5, "kept": 0.0}
"""The most that is taken out of the labels' quoted errors, as a share of them."""
_KNOWN = 1.0
"""All of an error that is known is taken out."""
LABELS_MOST = _LABEL_ERRORS["removed"]
"""The share that simulated labels are off by at most."""
LABELS_PART_ERROR = 12**-0.5 / _LABELS_PART
"""Relative standard deviation of the variance that the labels get: any part of the constant one is as likely."""

_LEAST_SNR = 1.0
_FLOOR_AT = (0.03, 0.2, 0.97)
_ROWS_OF_FLOORS = 100
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

    Models that have seen a training star agree on it better than on a new one: at low S/N, where they have learnt its
    noise, they lie half as far apart, and hardly nearer at high S/N.

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
        By label: ``snri`` and ``ratio``, the median S/N_i of each interval with enough rows and the ratio there, at
        least 1. Between them log ratio is a line in log S/N_i. Without any such interval the ratio is 1.
    """
    inside, outside = (np.digitize(_snr(table["snri"]), _RATIO_EDGES) for table in (training, others))
    ratios = {}
    for label in labels:
        curve: dict[str, list[float]] = {"snri": [], "ratio": []}
        for number in range(len(_RATIO_EDGES) + 1):
            seen = training.loc[inside == number, ["snri", f"{label}_spread"]].dropna()
            new = others.loc[outside == number, f"{label}_spread"].dropna()
            if min(len(seen), len(new)) >= least:
                middle = seen.median()
                curve["snri"].append(float(max(middle["snri"], _LEAST_SNR)))
                curve["ratio"].append(max(1.0, float(new.median() / max(middle[f"{label}_spread"], 1e-12))))
        ratios[label] = curve if curve["snri"] else {"snri": [_LEAST_SNR], "ratio": [1.0]}
    return ratios


def _ratio(curve: dict | None, snr: np.ndarray) -> np.ndarray:
    if curve is None:
        return np.ones(len(snr))
    return np.exp(np.interp(np.log(snr), np.log(curve["snri"]), np.log(curve["ratio"])))


def calibrate(
    table: pd.DataFrame,
    label_errors: str = "removed",
    ratios: dict[str, dict] | None = None,
    labels: Sequence[str] = LABELS,
    label_errors_most: Mapping[str, float] | None = None,
) -> dict:
    """Fit ``error**2 = scale**2 * ((spread_factor * spread)**2 + floor**2 + (noise / snr_i)**2)`` for each label.

    The floor depends on the predicted Teff: its square is interpolated between the coolest stars, a fifth of the way up
    and the hottest. The labels of the coolest giants are far harder to measure than those of the others.

    Parameters
    ----------
    table : pandas.DataFrame
        Out-of-fold rows of one class: snri, and for each label ``_true``, ``_oof``, ``_spread`` (the engine's own
        error: ensemble standard deviation, formal error, or 0 for none) and ``_label_err`` (APOGEE's own error; not
        finite or not positive: the others' median). Where an engine knows what the labels are off by, as its own error
        is already without it, also ``_label_known``.
    label_errors : {"removed", "kept"}
        ``kept`` gives the error against APOGEE's scale: what the labels' own errors add to the residuals stays in.
        ``removed`` with ``_label_known`` leaves that out, and only the scale of the engine's own error is fitted.
        ``removed`` without it leaves a share of the quoted errors out. Residuals can't tell these from what the
        networks do wrong alike. Of the variance that depends on neither spread nor S/N_i, at the Teff where it is
        least, the labels get six tenths, and no more than half the quoted error. Both limits were chosen on simulated
        stars, whose labels are off by a quarter to a half of what is quoted. The rest is the floor's.
    ratios : dict, optional
        Of `spread_ratios`: the spread of training stars is multiplied by them, to be like that of new stars.
    labels : sequence of str
        Those of the engine.
    label_errors_most : mapping of str to float, optional
        By label, what another engine found the same labels to be off by, K and dex. They are off by that whoever looks,
        so no more is taken out, except of ``_label_known``.

    Returns
    -------
    dict
        By label: spread_factor, floor and floor_teff (values and the Teff of each, K), noise, scale, label_share (of
        the quoted errors), label_error (that share of their median), rows, bias (median residual; reported, not
        applied), pull_width (of these rows, with the labels' errors added), pull_width_snri (the same in S/N_i
        intervals) and pull_width_spread (of the ensemble spread alone).

    Raises
    ------
    ValueError
        When ``label_errors`` is unknown.
    """
    result, limits = {}, label_errors_most or {}
    snr = _snr(table["snri"])
    teff = table["teff_oof"].to_numpy(dtype=float) if "teff" in labels else np.zeros(len(table))
    for label in labels:
        residual = (table[f"{label}_oof"] - table[f"{label}_true"]).to_numpy(dtype=float)
        curve = (ratios or {}).get(label)
        spread = _ratio(curve, snr) * table[f"{label}_spread"].to_numpy(dtype=float)
        good = np.isfinite(residual) & np.isfinite(spread) & np.isfinite(teff)
        own, most = _of_labels(table[good], label, label_errors, limits.get(label, np.inf))
        fit = _calibrate(residual[good], spread[good], snr[good], teff[good], own, most)
        result[label] = fit | {"spread_ratio": curve}
    return result


def _of_labels(table: pd.DataFrame, label: str, label_errors: str, limit: float) -> tuple[np.ndarray, float]:
    """The labels' errors, [n], and the most that is taken out, as a share of them."""
    if label_errors not in _LABEL_ERRORS:
        raise ValueError(f"label_errors is {label_errors!r}, expected {', '.join(_LABEL_ERRORS)}")
    if label_errors == "removed" and f"{label}_label_known" in table:
        return quoted_errors(table[f"{label}_label_known"].to_numpy(dtype=float)), _KNOWN
    own = quoted_errors(table[f"{label}_label_err"].to_numpy(dtype=float))
    middle = float(np.median(own)) if len(own) else 0.0
    return own, min(_LABEL_ERRORS[label_errors], limit / middle) if middle > 0 else _LABEL_ERRORS[label_errors]


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


def without_label_errors(floor: np.ndarray, quoted: np.ndarray) -> np.ndarray:
    """A scatter of residuals that depends on nothing, less what the labels' own errors may have of it.

    Parameters
    ----------
    floor, quoted : ndarray, [k]
        The scatter, and the labels' quoted errors, K and dex.

    Returns
    -------
    ndarray, [k]
        With the limits of `calibrate`: a share of the variance, and half the quoted error.
    """
    own = np.minimum(_LABELS_PART * np.square(floor), np.square(LABELS_MOST * quoted))
    return np.sqrt(np.square(floor) - own)


def label_errors_beside(floor: np.ndarray, quoted: np.ndarray) -> np.ndarray:
    """What `without_label_errors` took out of a scatter, by what it left.

    Parameters
    ----------
    floor, quoted : ndarray, [k]
        What is left, and the labels' quoted errors, K and dex.

    Returns
    -------
    ndarray, [k]
        What the labels are off by.
    """
    part = _LABELS_PART / (1 - _LABELS_PART)
    return np.minimum(np.sqrt(part) * np.asarray(floor, dtype=float), LABELS_MOST * np.asarray(quoted, dtype=float))


def _snr(snri) -> np.ndarray:
    return np.maximum(np.nan_to_num(np.asarray(snri, dtype=float), nan=_LEAST_SNR), _LEAST_SNR)


def _calibrate(residual, spread, snr, teff, own, most: float) -> dict:
    typical = max(mad_std(residual), 1e-9) if len(residual) else np.nan
    fit = {
        "spread_factor": 0.0,
        "floor": [typical],
        "floor_teff": [0.0],
        "noise": 0.0,
        "scale": 1.0,
        "label_share": 0.0,
    }
    bias = float(np.median(residual)) if len(residual) else np.nan
    if len(residual) >= MIN_ROWS:
        fit |= _most_likely(residual - bias, spread, snr, teff, own, most)
        fit["scale"] = _scale(residual, _variance(fit, spread, snr, teff), fit["label_share"] * own)
    own = fit["label_share"] * own
    total = np.sqrt(_variance(fit, spread, snr, teff) + own**2)
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


def _floor_teff(teff: np.ndarray) -> np.ndarray:
    """Teff that the floor is given at: of few stars, or stars that are alike, one value for all."""
    at = np.quantile(teff, _FLOOR_AT)
    return at if len(teff) >= _ROWS_OF_FLOORS and (np.diff(at) > 0).all() else at[1:2]


def _weights(teff: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Weight of each floor in the linear interpolation at each star, [n_floor, n]."""
    return np.stack([np.interp(teff, at, one) for one in np.eye(len(at))])


def _most_likely(residual, spread, snr, teff, own, most: float) -> dict:
    """Gaussian maximum likelihood of the terms: the floors tell the labels' share, then all are fitted beside it.

    A residual counts up to `_CLIP` of its own error. So outliers don't decide, and faint spectra are not cut at the
    typical error of all.
    """
    typical, middle, at = max(mad_std(residual), 1e-9), np.median(snr), _floor_teff(teff)
    floors = _weights(teff, at)
    squares = np.vstack([spread**2, (typical * middle / snr) ** 2, typical**2 * floors, own**2])
    free, none, share, clip = (0, None), (0, 0), 0.0, np.inf
    others = free
    for _ in range(_ROUNDS):
        clipped = np.clip(residual, -clip, clip)
        if most == _KNOWN:
            share, others = 1.0, none
        elif most and (own > 0).any():
            constant = _fitted(clipped, squares, [free, free, *[free] * len(at), none], typical)[2:-1].min() * typical
            share = min(most, float(constant * _LABELS_PART**0.5 / np.median(own)))
        found = _fitted(clipped, squares, [free, others, *[others] * len(at), (share, share)], typical)
        clip = _CLIP * np.sqrt(found**2 @ squares + 1e-6 * typical**2)
    return {
        "spread_factor": float(found[0]),
        "floor": (found[2:-1] * typical).tolist(),
        "floor_teff": at.tolist(),
        "noise": float(found[1] * typical * middle),
        "label_share": share,
    }


def _fitted(residual: np.ndarray, squares: np.ndarray, bounds: list[tuple], typical: float) -> np.ndarray:
    """Factors of the terms, within bounds; those that are held have equal bounds."""
    from scipy.optimize import minimize

    def loss(factors):
        variance = factors**2 @ squares + 1e-6 * typical**2
        gradient = squares @ (1 / variance - residual**2 / variance**2) * factors
        return 0.5 * np.sum(np.log(variance) + residual**2 / variance), gradient

    start = np.array([low if low == high else 0.5 for low, high in bounds])
    start[0] = 1.0
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x


def _scale(residual, variance, own) -> float:
    """Factor of the model error that makes the robust pull width 1."""

    def excess(scale):
        return pull_width(residual, np.sqrt(scale**2 * variance + own**2)) - 1

    from scipy.optimize import brentq

    if not (variance > 0).all() or excess(0.1) * excess(10.0) > 0:
        return 1.0
    return float(brentq(excess, 0.1, 10.0, xtol=1e-4))


def _variance(fit: dict, spread: np.ndarray, snr: np.ndarray, teff: np.ndarray | None) -> np.ndarray:
    floors, at = np.atleast_1d(fit["floor"]), np.atleast_1d(fit.get("floor_teff", 0.0))
    where = np.full(len(spread), at[len(at) // 2]) if teff is None else np.asarray(teff, dtype=float)
    floor = np.asarray(floors, dtype=float) ** 2 @ _weights(where, at)
    return fit["scale"] ** 2 * ((fit["spread_factor"] * spread) ** 2 + floor + (fit["noise"] / snr) ** 2)


def calibrated_errors(
    calibration: dict,
    label: str,
    spread: np.ndarray,
    snri: np.ndarray,
    teff: np.ndarray | None = None,
    *,
    single: bool = False,
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
    teff : ndarray, [n], optional
        The engine's Teff, K; by default that of the second floor.
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
    variance = _variance(fit, spread, _snr(snri), teff) + 0 * spread
    return np.sqrt(variance if single else np.maximum(variance - spread**2, 0.25 * variance))
