"""Covariance of several engines' errors as a function of S/N, from residuals of labelled stars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mstars.core.robust import mad_std

ASSUMED = 0.5
"""Correlation of two engines that have too few labelled stars in common."""

_PER_BIN = 80
_MOST_BINS = 16
_ROUNDS = 6
_LEAST_SHARE = 0.25
"""Of an ensemble's variance that averaging leaves at least, as for the calibrated errors."""


@dataclass(frozen=True)
class Covariance:
    """``constant + noise / (S/N)**2``, [k, k] each; beyond the S/N of the labelled stars it is that at the end.

    Attributes
    ----------
    constant, noise : ndarray, [k, k]
        Positive definite.
    snr : tuple of float
        The S/N_i between which nearly all labelled stars lie.
    """

    constant: np.ndarray
    noise: np.ndarray
    snr: tuple[float, float]

    def at(self, snr: np.ndarray) -> np.ndarray:
        """The matrices at S/N_i, [n, k, k]; an unknown S/N counts as the lowest."""
        inside = np.clip(np.nan_to_num(np.asarray(snr, dtype=float), nan=0.0), *self.snr)
        return self.constant + self.noise / inside[:, None, None] ** 2


def robust_covariance(residual: np.ndarray, least: int) -> np.ndarray:
    """Covariance from robust widths of sums and differences (Gnanadesikan & Kettenring 1972).

    Parameters
    ----------
    residual : ndarray, [n, k]
        NaN where an engine has no value.
    least : int
        Rows that a width needs.

    Returns
    -------
    ndarray, [k, k]
        NaN where there are too few rows.
    """
    k = residual.shape[1]
    width = np.array([mad_std(column) if np.isfinite(column).sum() >= least else np.nan for column in residual.T])
    scaled, matrix = residual / np.maximum(width, 1e-12), np.full((k, k), np.nan)
    for i in range(k):
        matrix[i, i] = width[i] ** 2
        for j in range(i):
            total, off = scaled[:, i] + scaled[:, j], scaled[:, i] - scaled[:, j]
            if np.isfinite(total).sum() >= least:
                wide, narrow = mad_std(total) ** 2, mad_std(off) ** 2
                share = (wide - narrow) / max(wide + narrow, 1e-12)
                matrix[i, j] = matrix[j, i] = np.clip(share, -0.99, 0.99) * width[i] * width[j]
    return matrix


def fit_covariance(
    residual: np.ndarray, snr: np.ndarray, spread: np.ndarray | None = None, least: int = 30
) -> Covariance:
    """Fit the covariance to residuals in intervals of S/N.

    Parameters
    ----------
    residual : ndarray, [n, k]
        Engine minus label, with the median of each engine 0; NaN where there is none. Each engine has ``least`` rows.
    snr : ndarray, [n]
        S/N_i.
    spread : ndarray, [n, k], optional
        Standard deviation of the models of an ensemble, 0 for other engines: what averaging them takes off is left
        out of the variance, for a new star has the ensemble's mean and a labelled star one model's value.
    least : int
        Rows of an engine or a pair.
    """
    snr = np.maximum(np.nan_to_num(np.asarray(snr, dtype=float), nan=1.0), 1.0)
    order = np.argsort(snr, kind="stable")
    bins = np.array_split(order, int(np.clip(len(order) // _PER_BIN, 1, _MOST_BINS)))
    at = np.array([np.median(snr[rows]) for rows in bins])
    found = np.stack([robust_covariance(residual[rows], max(10, least // 3)) for rows in bins])
    if spread is not None:
        found = found - np.stack([_averaged(found[number], spread[rows]) for number, rows in enumerate(bins)])
    whole = robust_covariance(residual, least)
    k = residual.shape[1]
    constant, noise = np.zeros((k, k)), np.zeros((k, k))
    for i in range(k):
        constant[i, i], noise[i, i] = _two_terms(at, found[:, i, i], whole[i, i])
    for i in range(k):
        for j in range(i):
            correlation = _correlation(found[:, i, j], found[:, i, i], found[:, j, j], whole[[i, i, j], [j, i, j]])
            for term in (constant, noise):
                term[i, j] = term[j, i] = correlation * np.sqrt(term[i, i] * term[j, j])
    return Covariance(_positive(constant), _positive(noise, 0.0), tuple(np.quantile(snr, [0.01, 0.99]).tolist()))


def _averaged(matrix: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """What averaging takes off the variances."""
    off = np.nan_to_num(np.nanmedian(spread, axis=0)) ** 2
    return np.diag(np.minimum(off, (1 - _LEAST_SHARE) * np.nan_to_num(np.diag(matrix))))


def _two_terms(at: np.ndarray, variance: np.ndarray, whole: float) -> tuple[float, float]:
    """Constant and noise, neither negative, by relative least squares.

    Deviations count relative to the fit: relative to the variances themselves an interval with a small one, by chance,
    would weigh most, and the fit would lie too low.
    """
    from scipy.optimize import nnls

    known = np.isfinite(variance) & (variance > 0)
    if known.sum() < 2:
        return float(variance[known][0]) if known.any() else float(whole), 0.0
    columns, seen = np.column_stack([np.ones(known.sum()), at[known] ** -2.0]), variance[known]
    least, weight = 0.05 * np.min(seen), np.full(len(seen), np.mean(seen))
    for _ in range(_ROUNDS):
        found, _ = nnls(columns / weight[:, None], seen / weight)
        weight = np.maximum(columns @ found, least)
    return float(max(found[0], least)), float(found[1])


def _correlation(cross: np.ndarray, one: np.ndarray, two: np.ndarray, whole: np.ndarray) -> float:
    """One correlation for all S/N: the median of the intervals."""
    shares = cross / np.sqrt(one * two)
    shares = shares[np.isfinite(shares)]
    if len(shares):
        return float(np.clip(np.median(shares), -0.95, 0.95))
    share = whole[0] / np.sqrt(whole[1] * whole[2])
    return float(share) if np.isfinite(share) else ASSUMED


def _positive(matrix: np.ndarray, least: float = 1e-6) -> np.ndarray:
    """The nearest matrix without negative eigenvalues, with the same diagonal."""
    width = np.sqrt(np.diag(matrix))
    safe = np.where(width > 0, width, 1.0)
    values, vectors = np.linalg.eigh(matrix / np.outer(safe, safe))
    fixed = (vectors * np.maximum(values, least)) @ vectors.T
    size = np.sqrt(np.maximum(np.diag(fixed), 1e-12))
    return fixed / np.outer(size, size) * np.outer(width, width)
