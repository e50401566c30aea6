"""How precise a method is as a function of S/N: sigma = a / (S/N) + b, from repeats or from residuals."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from mstars.core.robust import mad_std

LEAST_PAIRS = 20
"""Pairs that a fit needs."""

_STARTS = ((0.5, 0.5), (0.1, 1.0), (1.0, 0.1))
"""Where the fit starts: shares of the typical scatter that a / (S/N) and b have."""

_FIRST = 5000
"""Pairs of the first fits. The last fit has all pairs."""


def fit_precision(snr_1, snr_2, difference) -> dict[str, float]:
    """Fit sigma = a / (S/N) + b of a single spectrum to the differences of pairs.

    The variance of a difference is the sum of those of its two spectra. The fit is of maximum likelihood, for a normal
    distribution and a share of outliers (binaries, failures) that may lie anywhere. Errors are from the curvature.

    Parameters
    ----------
    snr_1, snr_2 : ndarray, [pair]
        S/N_i of the two spectra.
    difference : ndarray, [pair]
        In any unit.

    Returns
    -------
    dict
        a, a_err, b, b_err (in the unit of the difference), n, outliers (their share). All but n are NaN with fewer than
        `LEAST_PAIRS` pairs.
    """
    one, two, off = (np.asarray(values, dtype=float) for values in (snr_1, snr_2, difference))
    known = np.random.default_rng(0).permutation(np.flatnonzero(np.isfinite(off)))  # the first fits see a random part
    one, two, off = one[known], two[known], off[known]
    result = dict.fromkeys(("a", "a_err", "b", "b_err", "outliers"), np.nan) | {"n": len(off)}
    if len(off) < LEAST_PAIRS:
        return result
    typical, scale = np.median(np.concatenate([one, two])), mad_std(off, 0.0) / np.sqrt(2) or 1.0
    return result | _fitted(lambda a, b, k: (a / one[:k] + b) ** 2 + (a / two[:k] + b) ** 2, off, scale, typical)


def fit_scatter(snr, residual) -> dict[str, float]:
    """Fit sigma = a / (S/N) + b to residuals of single spectra, as `fit_precision` does to differences of pairs.

    Parameters
    ----------
    snr, residual : ndarray, [n]
        S/N_i, and differences in any unit whose mean is 0.

    Returns
    -------
    dict
        As of `fit_precision`.
    """
    snr, off = np.asarray(snr, dtype=float), np.asarray(residual, dtype=float)
    known = np.random.default_rng(0).permutation(np.flatnonzero(np.isfinite(off)))
    snr, off = snr[known], off[known]
    result = dict.fromkeys(("a", "a_err", "b", "b_err", "outliers"), np.nan) | {"n": len(off)}
    if len(off) < LEAST_PAIRS:
        return result
    return result | _fitted(lambda a, b, k: (a / snr[:k] + b) ** 2, off, mad_std(off, 0.0) or 1.0, np.median(snr))


def _fitted(variance, off: np.ndarray, scale: float, typical: float) -> dict[str, float]:
    """The fit: ``variance(a, b, k)`` is that of the first k differences (None: all)."""
    farthest = np.abs(off).max() or 1.0

    def cost(guess, k=None):
        a, b, share = np.abs(guess[0]) * scale * typical, np.abs(guess[1]) * scale, 0.5 / (1 + np.exp(-guess[2]))
        sigma = np.sqrt(variance(a, b, k))
        core = (1 - share) / sigma * np.exp(-0.5 * (off[:k] / sigma) ** 2) / np.sqrt(2 * np.pi)
        return -np.log(np.maximum(core + share / (2 * farthest), 1e-300)).sum()

    options = {"xatol": 1e-4, "fatol": 1e-4}
    tries = [minimize(cost, [*start, -3.0], _FIRST, method="Nelder-Mead", options=options) for start in _STARTS]
    place = min(tries, key=lambda found: found.fun).x
    if len(off) > _FIRST:
        near = place + 0.03 * np.vstack([np.zeros(3), np.eye(3)])
        options = {"xatol": 1e-3, "fatol": 1e-2, "initial_simplex": near}
        place = minimize(cost, place, method="Nelder-Mead", options=options).x
    place[:2] = np.abs(place[:2])
    errors = _errors(lambda guess: cost([*guess, place[2]]), place[:2])
    a, b = place[:2] * (scale * typical, scale)
    found = {"a": a, "a_err": errors[0] * scale * typical, "b": b, "b_err": errors[1] * scale}
    return found | {"outliers": 0.5 / (1 + np.exp(-place[2]))}


def _errors(cost, place: np.ndarray, step: float = 1e-2) -> np.ndarray:
    """Standard errors from the second differences of the cost; NaN where it isn't a minimum."""
    hessian = np.empty((2, 2))
    for i in range(2):
        for j in range(2):
            e_i, e_j = step * np.eye(2)[i], step * np.eye(2)[j]
            corners = cost(place + e_i + e_j) - cost(place + e_i - e_j) - cost(place - e_i + e_j)
            hessian[i, j] = (corners + cost(place - e_i - e_j)) / (4 * step**2)
    variance = np.linalg.pinv(hessian).diagonal()
    return np.sqrt(np.where(variance > 0, variance, np.nan))
