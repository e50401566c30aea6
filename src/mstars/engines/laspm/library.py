"""An empirical library: spectra with labels on one grid, as the match needs them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

COARSE = 4
"""Neighbouring pixels that the first ranking takes together (about a resolution element of LAMOST)."""


@dataclass
class Library:
    """Library spectra of one class.

    Attributes
    ----------
    flux : ndarray of float32, [library, pixel]
        Rest frame; each with a mean of about 1.
    labels : ndarray of float64, [library, label]
        K and dex.
    star : ndarray of str, [library]
        Whose spectrum it is: a star's own spectra are left out when one of them is predicted without it.
    key : ndarray of str, [library]
        spectrum_key, or a name.
    noise : ndarray of float32, [pixel]
        Typical variance of a library spectrum's flux.
    level : ndarray of float64, [library]
        Variance of each spectrum over the typical one.
    """

    flux: np.ndarray
    labels: np.ndarray
    star: np.ndarray
    key: np.ndarray
    noise: np.ndarray
    level: np.ndarray
    coarse: np.ndarray = field(init=False)
    coarse_square: np.ndarray = field(init=False)

    def __post_init__(self):
        self.flux = np.ascontiguousarray(self.flux, dtype=np.float32)
        self.coarse = np.ascontiguousarray(rebinned(self.flux, mean=True).T)
        self.coarse_square = np.square(self.coarse)

    def __len__(self) -> int:
        return len(self.flux)


def library_noise(ivar: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Typical variance of library spectra, and each one's variance over it.

    Parameters
    ----------
    ivar : ndarray of float32, [library, pixel]

    Returns
    -------
    noise : ndarray of float32, [pixel]
        Median of the spectra with data; 0 where none has.
    level : ndarray of float64, [library]
        Median of the pixels with data; 1 where a spectrum has none.
    """
    with np.errstate(divide="ignore"):
        variance = np.where(ivar > 0, 1 / ivar, np.nan)
    known = np.isfinite(variance).any(axis=0)
    noise, level = np.zeros(ivar.shape[1], np.float32), np.ones(len(ivar))
    noise[known] = np.nanmedian(variance[:, known], axis=0)
    rows = np.isfinite(variance).any(axis=1)
    level[rows] = np.nanmedian(variance[np.ix_(rows, known)] / noise[known], axis=1)
    return noise, level


def coordinate(n_pixel: int) -> np.ndarray:
    """x of the polynomial: -1 to 1 over the pixels, float64 [n_pixel]."""
    return np.linspace(-1.0, 1.0, n_pixel)


def rebinned(array: np.ndarray, mean: bool = False) -> np.ndarray:
    """Sums (or means) of `COARSE` neighbouring pixels; the last few pixels may make a smaller bin. [n, bin]."""
    starts = np.arange(0, array.shape[1], COARSE)
    total = np.add.reduceat(array, starts, axis=1)
    return total / np.diff(np.append(starts, array.shape[1])).astype(array.dtype) if mean else total


def one_a_cell(labels: np.ndarray, snr: np.ndarray, steps) -> np.ndarray:
    """Numbers of the spectra of highest S/N in each cell of the labels, ascending.

    The later version of the paper (arXiv 2410.16730) matches with a grid of 1,365 such spectra.

    Parameters
    ----------
    labels : ndarray, [n, label]
    snr : ndarray, [n]
    steps : sequence of float, [label]
        Sides of a cell.

    Returns
    -------
    ndarray of int
    """
    cell = np.floor(labels / np.asarray(steps, dtype=float) + 1e-9).astype(np.int64)
    order = np.argsort(-snr, kind="stable")
    _, first = np.unique(cell[order], axis=0, return_index=True)
    return np.sort(order[first])
