"""Errors as the paper gives them: the scatter of the cross-validation at a spectrum's S/N."""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares

from mstars.core.robust import mad_std

LEAST_IN_BIN = 25
MOST_BINS = 12
_WORTH = 4.0
_LEAST_DRAWN = 50
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


def fit_power_law(snr: np.ndarray, residual: np.ndarray) -> tuple[float, float]:
    """a and b of scatter = a (S/N)^b, the form of the paper's errors.

    Noise alone has b = -1; what does not fall with S/N makes b flatter, the more the lower the noise is.

    Parameters
    ----------
    snr, residual : ndarray, [n]
        S/N_i and residuals of stars that the model has not seen.

    Returns
    -------
    a, b : float
        NaN without residuals. Where there are too few stars, or their S/N are too alike, b is -0.5.
    """
    a, b, _ = _fit(snr, residual, worth=np.inf)
    return a, b


def fit_curve(snr: np.ndarray, residual: np.ndarray) -> tuple[float, float, float]:
    """a, b and c of scatter^2 = (a (S/N)^b)^2 + c^2: noise, and what stays however bright a star is.

    The paper's errors have no c: they are 546 K and -0.55, 1.04 dex and -0.49. Errors of the labels and of the model
    do not fall with S/N: without c they would make the slope of the noise flat.

    Parameters
    ----------
    snr, residual : ndarray, [n]
        S/N_i and residuals of stars that the model has not seen.

    Returns
    -------
    a, b, c : float
        NaN without residuals. c is 0 unless it lowers chi2 by 4 or more. Where there are too few stars, or their S/N
        are too alike, b is -0.5.
    """
    return _fit(snr, residual, worth=_WORTH)


def _fit(snr, residual, worth: float) -> tuple[float, float, float]:
    """The curve, with a constant term where that lowers chi2 by ``worth``."""
    centre, _, scatter, count = binned_scatter(np.asarray(snr, dtype=float), np.asarray(residual, dtype=float))
    sound = scatter > 0
    if not sound.any():
        return (float("nan"),) * 3
    centre, scatter, weight = centre[sound], scatter[sound], np.sqrt(2.0 * count[sound])
    if sound.sum() < 4 or np.ptp(np.log(centre)) < 0.3:
        return float(np.exp(np.mean(np.log(scatter) - USUAL_SLOPE * np.log(centre)))), USUAL_SLOPE, 0.0
    middle, size = np.exp(np.log(centre).mean()), scatter.mean()

    def off(values):
        curve = np.hypot(values[0] * (centre / middle) ** values[1], values[2] if len(values) > 2 else 0)
        return weight * (np.log(np.maximum(curve, 1e-12)) - np.log(scatter / size))

    plain = least_squares(off, [1.0, USUAL_SLOPE])
    a, b, c = *plain.x, 0.0
    fits = [
        least_squares(off, [share, USUAL_SLOPE, 1 - share], bounds=([1e-6, -2, 0], [np.inf, -0.05, np.inf]))
        for share in (0.3, 0.9)
    ]
    best = min(fits, key=lambda one: one.cost)
    if plain.cost - best.cost > worth / 2:
        a, b, c = best.x
    return float(a * size * middle**-b), float(b), float(c * size)


def curve_uncertainties(snr: np.ndarray, residual: np.ndarray, star: np.ndarray, draws: int = 60) -> dict[str, float]:
    """Standard deviations of the curves' numbers when the stars are drawn anew (Efron 1979).

    Parameters
    ----------
    snr, residual : ndarray, [n]
    star : ndarray, [n]
        Spectra of a star are drawn together.
    draws : int

    Returns
    -------
    dict of float
        power_b: of `fit_power_law`; a, b, c: of `fit_curve`. NaN with fewer than 50 stars.
    """
    random, names = np.random.default_rng(1), ("power_b", "a", "b", "c")
    order = np.argsort(star, kind="stable")
    first = np.flatnonzero(np.append(True, star[order][1:] != star[order][:-1]))
    groups = np.split(order, first[1:])
    if len(groups) < _LEAST_DRAWN:
        return dict.fromkeys(names, float("nan"))
    found = []
    for _ in range(draws):
        rows = np.concatenate([groups[one] for one in random.integers(0, len(groups), len(groups))])
        found.append([fit_power_law(snr[rows], residual[rows])[1], *fit_curve(snr[rows], residual[rows])])
    return dict(zip(names, np.std(found, axis=0).tolist(), strict=True))


def curve_errors(curve: np.ndarray, snr: np.ndarray) -> np.ndarray:
    """Errors at some S/N: NaN where there is none.

    Parameters
    ----------
    curve : ndarray, [3]
        Of `fit_curve`.
    snr : ndarray, [n]

    Returns
    -------
    ndarray of float64, [n]
    """
    snr = np.asarray(snr, dtype=float)
    known = snr > 0
    return np.where(known, np.hypot(curve[0] * np.where(known, snr, 1.0) ** curve[1], curve[2]), np.nan)


_AT_LEAST, _MOST_NODES, _TAIL = 60, 8, 0.2


def chi2_limits(snr: np.ndarray, chi2: np.ndarray, share: float = 0.995) -> np.ndarray:
    """chi2 per degree of freedom that a share of stars which the model has not seen stays below, by S/N.

    Bright stars show what the model lacks: their chi2 are larger, and a few are far larger. So the limit is found in
    intervals of S/N with their neighbours. They have too few stars for a quantile, so the upper fifth of ln chi2 is
    taken for an exponential tail.

    Parameters
    ----------
    snr, chi2 : ndarray, [n]
    share : float

    Returns
    -------
    ndarray of float64, [2, node]
        S/N and the limit there; with fewer than 60 stars one node at infinity without a limit.
    """
    good = np.isfinite(chi2) & (chi2 > 0) & (snr > 0)
    snr, own = snr[good], np.log(chi2[good])
    if len(own) < _AT_LEAST:
        return np.array([[np.inf], [np.inf]])
    parts = np.array_split(np.argsort(snr, kind="stable"), min(len(own) // _AT_LEAST, _MOST_NODES))
    at = np.array([np.log(np.median(snr[rows])) for rows in parts])
    middle = np.array([np.median(own[rows]) for rows in parts])
    width = np.array([max(mad_std(own[rows]), 1e-3) for rows in parts])
    off = (own - np.interp(np.log(snr), at, middle)) / np.interp(np.log(snr), at, width)
    limit = np.empty(len(parts))
    for number in range(len(parts)):
        near = off[np.concatenate(parts[max(number - 1, 0) : number + 2])]
        start = np.quantile(near, 1 - _TAIL)
        limit[number] = start + np.mean(near[near >= start] - start) * np.log(_TAIL / (1 - share))
    return np.stack([np.exp(at), np.exp(middle + limit * width)])


def above_limit(limits: np.ndarray, snr: np.ndarray, chi2: np.ndarray) -> np.ndarray:
    """Whether chi2 is above the limit at its S/N: bool [n]. Beyond the nodes of `chi2_limits` the last one holds."""
    at, limit = limits
    if not np.isfinite(at).all():
        return np.zeros(len(chi2), bool)
    return chi2 > np.exp(np.interp(np.log(np.maximum(np.nan_to_num(snr), 1e-3)), np.log(at), np.log(limit)))
