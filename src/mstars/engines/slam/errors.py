"""Errors as the paper gives them: the scatter of the cross-validation at a spectrum's S/N."""

from __future__ import annotations

import numpy as np

from mstars.core.robust import mad_std

LEAST_IN_BIN = 25
MOST_BINS = 12
USUAL_SLOPE = -0.5
"""Slope of the curve where the stars are too few, or too alike in S/N, to fit one: that of photon noise."""


def binned_scatter(snr: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """CV bias and scatter in intervals of S/N with equally many stars (Li et al. 2021, Eqs. 4 and 5, Figure 2).

    Eq. 5 as printed has 1/n before the root, which is too small by the root of n; this is the standard deviation,
    without residuals beyond five robust standard deviations.

    Parameters
    ----------
    snr, residual : ndarray, [n]

    Returns
    -------
    centre, bias, scatter : ndarray of float64, [bin]
        Geometric mean of the S/N; mean and standard deviation of the residuals.
    count : ndarray of int, [bin]
    """
    good = np.isfinite(residual) & (snr > 0)
    snr, residual = snr[good], residual[good]
    order = np.argsort(snr, kind="stable")
    bins = int(np.clip(len(order) // LEAST_IN_BIN, 1, MOST_BINS))
    rows = []
    for part in np.array_split(order, bins):
        off = residual[part]
        if len(off) < 3:
            continue
        near = np.abs(off - np.median(off)) <= 5 * max(mad_std(off), 1e-12)
        rows.append((np.exp(np.log(snr[part]).mean()), off[near].mean(), off[near].std(), near.sum()))
    centre, bias, scatter, count = np.array(rows).reshape(-1, 4).T
    return centre, bias, scatter, count.astype(int)


def fit_curve(snr: np.ndarray, residual: np.ndarray) -> tuple[float, float]:
    """a and b of scatter = a (S/N)^b; the paper's errors are 546 K and -0.55, 1.04 dex and -0.49.

    Parameters
    ----------
    snr, residual : ndarray, [n]
        S/N_i and residuals of stars that the model has not seen.

    Returns
    -------
    a, b : float
        NaN without residuals.
    """
    centre, _, scatter, _ = binned_scatter(np.asarray(snr, dtype=float), np.asarray(residual, dtype=float))
    sound = scatter > 0
    if not sound.any():
        return float("nan"), float("nan")
    if sound.sum() < 4 or np.ptp(np.log(centre[sound])) < 0.3:
        slope = USUAL_SLOPE
    else:
        slope = float(np.polyfit(np.log(centre[sound]), np.log(scatter[sound]), 1)[0])
    return float(np.exp(np.mean(np.log(scatter[sound]) - slope * np.log(centre[sound])))), slope


def curve_errors(curve: np.ndarray, snr: np.ndarray) -> np.ndarray:
    """Errors at some S/N: NaN where there is none.

    Parameters
    ----------
    curve : ndarray, [2]
        Of `fit_curve`.
    snr : ndarray, [n]

    Returns
    -------
    ndarray of float64, [n]
    """
    snr = np.asarray(snr, dtype=float)
    known = snr > 0
    return np.where(known, curve[0] * np.where(known, snr, 1.0) ** curve[1], np.nan)


CHI2_EDGES = np.array([0.0, 10.0, 20.0, 50.0, 100.0, np.inf])
_LEAST_STARS = 200


def chi2_limits(snr: np.ndarray, chi2: np.ndarray, share: float = 0.995) -> np.ndarray:
    """chi2 per degree of freedom that a share of the training stars stays below, by S/N.

    Parameters
    ----------
    snr, chi2 : ndarray, [n]
    share : float

    Returns
    -------
    ndarray of float64, [interval]
        For the intervals of `CHI2_EDGES`. One with fewer than 200 stars takes the limit of all; infinite without stars.
    """
    good = np.isfinite(chi2)
    every = float(np.quantile(chi2[good], share)) if good.any() else np.inf
    limits = []
    for lower, upper in zip(CHI2_EDGES[:-1], CHI2_EDGES[1:], strict=True):
        own = chi2[good & (snr >= lower) & (snr < upper)]
        limits.append(float(np.quantile(own, share)) if len(own) >= _LEAST_STARS else every)
    return np.array(limits)


def above_limit(limits: np.ndarray, snr: np.ndarray, chi2: np.ndarray) -> np.ndarray:
    """Whether chi2 is above the limit at its S/N: bool [n]."""
    place = np.clip(np.searchsorted(CHI2_EDGES, np.nan_to_num(snr), side="right") - 1, 0, len(limits) - 1)
    return chi2 > limits[place]
