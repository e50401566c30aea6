"""Spectra of the golden sample: rest frame, one grid, mean 1, shapes recalibrated (section 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from mstars.engines.laspm.edges import LabelSlopes, fit_slopes
from mstars.engines.laspm.library import coordinate
from mstars.files.stores import iter_rows
from mstars.spectra.grids import Grid
from mstars.spectra.normalisation import mean_normalised
from mstars.spectra.resampling import resample

GRID = Grid.log10(229, 3762)
"""3900-8800 A, LAMOST's own pixels (section 2.4)."""


@dataclass
class SampleSpectra:
    """Rest-frame spectra with a mean of 1.

    Attributes
    ----------
    flux, ivar : ndarray of float32, [n, pixel]
        Of `GRID`.
    filled : ndarray of float32, [n]
        Share of invented flux.
    """

    ARRAYS: ClassVar[tuple[str, ...]] = ("flux", "ivar", "filled")

    flux: np.ndarray
    ivar: np.ndarray
    filled: np.ndarray

    def __len__(self) -> int:
        return len(self.flux)

    def take(self, rows) -> SampleSpectra:
        """Some of the spectra, by numbers or a mask."""
        return SampleSpectra(self.flux[rows], self.ivar[rows], self.filled[rows])


def read_spectra(table: pd.DataFrame, stores: Mapping[str, str | Path]) -> SampleSpectra:
    """Spectra of a table, from the stores of its batches.

    Parameters
    ----------
    table : pandas.DataFrame, [n]
        spectrum_key, batch, row, rv (km/s).
    stores : mapping of str to path

    Returns
    -------
    SampleSpectra
    """
    shape = (len(table), len(GRID))
    found = SampleSpectra(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.ones(shape[0], np.float32))
    rv = table["rv"].to_numpy(dtype=float)
    for where, spectra in iter_rows(table, stores):
        flux, ivar, filled = resample(spectra, GRID, rv[where])
        found.flux[where], found.ivar[where] = mean_normalised(flux, ivar)
        found.filled[where] = filled
    return found


def polynomials(flux: np.ndarray, weight: np.ndarray, target: np.ndarray, order: int) -> np.ndarray:
    """Multiplicative polynomials that bring spectra to the shape of a target.

    Parameters
    ----------
    flux, weight : ndarray, [n, pixel]
        The weight is of the pixels of the target.
    target : ndarray, [pixel] or [n, pixel]
    order : int
        Degree.

    Returns
    -------
    ndarray of float64, [n, pixel]
        1 for a spectrum without data.
    """
    powers = coordinate(flux.shape[1]) ** np.arange(order + 1)[:, None]
    weighted = (flux * weight).astype(float)
    right = (weighted * target) @ powers.T
    squares = (weighted * flux) @ (coordinate(flux.shape[1]) ** np.arange(2 * order + 1)[:, None]).T
    index = np.add.outer(np.arange(order + 1), np.arange(order + 1))
    normal = squares[:, index]
    usable = squares[:, 0] > 0
    normal[~usable] = np.eye(order + 1)
    right[~usable] = np.eye(order + 1)[0]
    return np.linalg.solve(normal, right[:, :, None])[:, :, 0] @ powers


def recalibrated(spectra: SampleSpectra, target: np.ndarray, order: int) -> SampleSpectra:
    """Spectra brought to the shape of a target ([pixel] or [n, pixel]), ivar scaled alike, mean 1 again."""
    factor = polynomials(spectra.flux, (spectra.ivar > 0).astype(np.float32), target, order)
    factor = np.where((factor > 0).all(axis=1, keepdims=True), factor, 1)
    flux, ivar = mean_normalised(
        (spectra.flux * factor).astype(np.float32), (spectra.ivar / factor**2).astype(np.float32)
    )
    return SampleSpectra(flux, ivar, spectra.filled)


@dataclass
class MeanSpectrum:
    """Flux as a smooth function of the labels."""

    constant: np.ndarray
    slopes: LabelSlopes

    def at(self, labels: np.ndarray) -> np.ndarray:
        """Flux at some labels: float32 [n, pixel]."""
        scaled = ((labels - self.slopes.centre) / self.slopes.scale).astype(np.float32)
        flux = self.constant + scaled @ self.slopes.linear
        for k in range(scaled.shape[1]):
            flux += scaled[:, [k]] * (scaled @ self.slopes.square[k])
        return flux


def fit_mean_spectrum(flux: np.ndarray, labels: np.ndarray) -> MeanSpectrum:
    """Quadratic function of the labels, pixel by pixel."""
    slopes, constant = fit_slopes(flux, labels)
    return MeanSpectrum(constant, slopes)
