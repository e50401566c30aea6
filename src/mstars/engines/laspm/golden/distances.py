"""How far spectra lie from each other: in details and in broad shape, in units of noise and of what is usual."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

SMOOTH = 40
"""Pixels of the running mean that parts details from broad shape (about 60 A)."""

LEAST_NOISE = 0.01
"""Of the mean flux: pixels with less noise count no more."""

LEAST_USUAL = 1e-6
"""The least variance, in squares of the mean flux, that spectra of equal labels differ by beside noise."""

PARTS = 2


@dataclass
class Noise:
    """What noise adds to the parts of n spectra.

    Attributes
    ----------
    weight : ndarray of float32, [pixel]
        Of the details: inverse typical variance, with a mean of 1.
    variance : ndarray, [2, n]
        Mean variance of details and broad shape.
    """

    weight: np.ndarray
    variance: np.ndarray

    @classmethod
    def of(cls, ivar: np.ndarray, counts: np.ndarray | None = None, chunk: int = 2048) -> Noise:
        """From inverse variances [n, pixel]; of the details of pixels with ``counts`` False nothing counts."""
        sample = ivar[:: max(1, len(ivar) // chunk)]
        typical = np.median(_variances(sample), axis=0) + np.float32(LEAST_NOISE**2)
        weight = 1 / typical if counts is None else np.where(counts, 1 / typical, 0)
        weight = (weight / weight.mean()).astype(np.float32)
        variance = np.empty((PARTS, len(ivar)))
        for start in range(0, len(ivar), chunk):
            noise = _variances(ivar[start : start + chunk])
            variance[0, start : start + chunk] = noise @ weight / len(weight)
            variance[1, start : start + chunk] = noise.mean(axis=1) / SMOOTH
        return cls(weight, variance)


def _variances(ivar: np.ndarray) -> np.ndarray:
    known = ivar > 0
    return np.where(known, 1 / np.where(known, ivar, 1), 0).astype(np.float32)


def parts_of(flux: np.ndarray, weight: np.ndarray) -> list[np.ndarray]:
    """Details (weighted) and broad shape of spectra or of differences: float32 [n, feature] each."""
    count = flux.shape[1] // SMOOTH * SMOOTH
    smooth = uniform_filter1d(flux, SMOOTH, axis=1, mode="nearest")
    broad = flux[:, :count].reshape(len(flux), -1, SMOOTH).mean(axis=2)
    return [((flux - smooth) * np.sqrt(weight)).astype(np.float32), broad.astype(np.float32)]


def flat_distances(flux: np.ndarray) -> np.ndarray:
    """Euclidean distances [n, n]."""
    flux = flux - flux.mean(axis=0)  # less is lost to rounding
    product = (flux @ flux.T).astype(float)
    square = product.diagonal()
    squares = np.maximum(square[:, None] + square[None, :] - 2 * product, 0)
    np.fill_diagonal(squares, 0)
    return np.sqrt(squares)


def usual_variance(squares: np.ndarray, noise: np.ndarray) -> float:
    """What spectra differ by beside noise: the median excess of the third with least noise.

    Parameters
    ----------
    squares, noise : ndarray, [n]
        Mean squared differences, and what noise explains of them.
    """
    quiet = noise <= np.quantile(noise, 1 / 3) if len(noise) else np.zeros(0, bool)
    return max(float(np.median((squares - noise)[quiet])) if quiet.any() else 0.0, LEAST_USUAL)
