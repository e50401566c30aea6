"""The minimum-variance mean of several engines, with what to do where they contradict each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mstars.engines.combined.covariance import Covariance

_ROWS = 100_000


@dataclass
class Mean:
    """What the engines say together of n spectra, in one label.

    Attributes
    ----------
    value, error : ndarray, [n]
        NaN where no engine is valid.
    chi2 : ndarray, [n]
        Of all valid engines about their mean; NaN with fewer than two.
    count : ndarray of int, [n]
        Engines with a weight or that were asked: the valid ones less the one left out.
    left_out : ndarray of int, [n]
        Number of the engine that was left out, -1 for none.
    contradicted : ndarray of bool, [n]
        Whether the valid engines differ by more than their errors.
    """

    value: np.ndarray
    error: np.ndarray
    chi2: np.ndarray
    count: np.ndarray
    left_out: np.ndarray
    contradicted: np.ndarray


def minimum_variance(values: np.ndarray, valid: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, ...]:
    """Weighted mean with the smallest variance of all whose weights are not negative and add up to 1.

    Parameters
    ----------
    values, valid : ndarray, [n, k]
    matrix : ndarray, [n, k, k]
        Covariance of the errors.

    Returns
    -------
    value, variance, chi2 : ndarray, [n]
        chi2 is of all valid values about their best mean. NaN where none is valid.
    weights : ndarray, [n, k]
    """
    n, k = values.shape
    used, known = valid.copy(), np.where(valid, values, 0.0)
    inverse = _inverse(matrix, valid)
    row = inverse.sum(axis=2)
    total = row.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        best = (row * known).sum(axis=1) / total
        weights = row / total[:, None]
    off = np.where(valid, known - best[:, None], 0.0)
    chi2 = np.einsum("ni,nij,nj->n", off, inverse, off)
    for _ in range(k - 1):  # a negative weight means that an engine is but a noisier copy of another
        again = np.flatnonzero((weights < -1e-9).any(axis=1))
        if not len(again):
            break
        used[again, np.argmin(weights[again], axis=1)] = False
        row = _inverse(matrix[again], used[again]).sum(axis=2)
        weights[again] = row / row.sum(axis=1)[:, None]
    any_valid = valid.any(axis=1)
    weights = np.where(any_valid[:, None], weights, 0.0)
    value = np.where(any_valid, (weights * known).sum(axis=1), np.nan)
    variance = np.where(any_valid, np.einsum("ni,nij,nj->n", weights, matrix, weights), np.nan)
    return value, variance, np.where(any_valid, chi2, np.nan), weights


def _inverse(matrix: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Inverse of the part of each matrix that is used, 0 elsewhere."""
    both = used[:, :, None] & used[:, None, :]
    eye = np.eye(used.shape[1])
    scale = np.sqrt(np.einsum("nii->ni", matrix))
    unit = np.where(both, matrix / (scale[:, :, None] * scale[:, None, :]), 0.0) + eye * ~used[:, :, None]
    return np.where(both, np.linalg.inv(unit) / (scale[:, :, None] * scale[:, None, :]), 0.0)


def combine(
    values: np.ndarray,
    valid: np.ndarray,
    snr: np.ndarray,
    covariance: Covariance,
    limits: np.ndarray,
    *,
    compared: tuple[np.ndarray, Covariance] | None = None,
    single: tuple[np.ndarray, Covariance] | None = None,
) -> Mean:
    """The mean, without the one engine that contradicts the others where there is one.

    Parameters
    ----------
    values, valid : ndarray, [n, k]
        On one scale.
    snr : ndarray, [n]
        S/N_i.
    covariance : Covariance
    limits : ndarray, [k]
        chi2 above which engines contradict each other, by degrees of freedom; the first is not used.
    compared : (ndarray, Covariance), optional
        Values [n, k] that chi2 is of, without what each engine is off by for stars of these labels, and the covariance
        of that. By default chi2 is of what the mean is of.
    single : (ndarray of bool, Covariance), optional
        Rows [n] in which ensembles have the value of a single model, and the covariance for these.

    Returns
    -------
    Mean
        Where the engines contradict each other, one is left out if there are three or more and the others agree without
        it. Else the error is stretched by the root of chi2 over its degrees of freedom.
    """
    parts = []
    for start in range(0, max(len(values), 1), _ROWS):
        rows = slice(start, start + _ROWS)
        matrix = covariance.at(snr[rows])
        if single is not None:
            matrix[single[0][rows]] = single[1].at(snr[rows][single[0][rows]])
        own = (values[rows], valid[rows], matrix)
        other = own if compared is None else (compared[0][rows], valid[rows], compared[1].at(snr[rows]))
        parts.append(_combine(own, other, limits))
    return Mean(*(np.concatenate([getattr(part, name) for part in parts]) for name in Mean.__dataclass_fields__))


def _combine(own, other, limits) -> Mean:
    valid = own[1]
    value, variance, chi2, _ = minimum_variance(*own)
    if other is not own:
        chi2 = minimum_variance(*other)[2]
    count = valid.sum(axis=1)
    freedom = np.maximum(count - 1, 0)
    with np.errstate(invalid="ignore"):
        contradicted = (freedom > 0) & (chi2 > limits[freedom])
    left_out = np.full(len(value), -1)
    for_one = np.flatnonzero(contradicted & (count >= 3))
    if len(for_one):
        found = _without_one(*([part[for_one] for part in one] for one in (own, other)), limits)
        left_out[for_one] = found[0]
        agree = found[0] >= 0
        value[for_one[agree]], variance[for_one[agree]] = found[1][agree], found[2][agree]
    stretch = contradicted & (left_out < 0)
    variance[stretch] *= np.maximum(chi2[stretch] / freedom[stretch], 1.0)
    chi2 = np.where(freedom > 0, chi2 / np.maximum(freedom, 1), np.nan)
    return Mean(value, np.sqrt(variance), chi2, count - (left_out >= 0), left_out, contradicted)


def _without_one(own, other, limits) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which engine to leave out (-1: the others do not agree either), value and variance of the others."""
    valid = own[1]
    n, k = valid.shape
    tries = []
    for number in range(k):
        rest = valid.copy()
        rest[:, number] = False
        value, variance, _, _ = minimum_variance(own[0], rest, own[2])
        chi2 = np.where(valid[:, number], minimum_variance(other[0], rest, other[2])[2], np.inf)
        tries.append((value, variance, chi2))
    chi2 = np.stack([one[2] for one in tries])
    best, rows = np.argmin(chi2, axis=0), np.arange(n)
    agree = chi2[best, rows] <= limits[valid.sum(axis=1) - 2]
    value, variance = (np.stack([one[number] for one in tries])[best, rows] for number in (0, 1))
    return np.where(agree, best, -1), value, variance
