"""Spectra on another grid (Li et al. 2025, section 3.2, steps 1 to 4)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mstars.core.constants import C_KMS
from mstars.spectra.container import SpectrumSet
from mstars.spectra.grids import Grid


def resample_linear(spectra: SpectrumSet, grid: np.ndarray, rv=None) -> tuple[np.ndarray, np.ndarray]:
    """Steps 1 to 4 of section 3.2: bad pixels out, rest frame, linear interpolation, wavelength range.

    Parameters
    ----------
    spectra : SpectrumSet
        n spectra.
    grid : ndarray, [m]
        Ascending vacuum wavelengths of the result, angstrom.
    rv : ndarray, [n], optional
        Radial velocities, km/s; with them the grid is the rest frame's. NaN leaves a spectrum unshifted.

    Returns
    -------
    flux : ndarray of float32, [n, m]
        Interpolated flux; beyond the first or last good pixel its value is held. A spectrum without a good
        pixel is all zeros.
    filled : ndarray of float32, [n]
        Share of the result that lies across masked pixels or outside the data (invented flux).
    """
    from mstars.spectra.loops import resample_rows

    out = np.empty((len(spectra), len(grid)), np.float32)
    filled = np.empty(len(spectra), np.float32)
    grid, factor = np.asarray(grid, dtype=float), _factor(spectra, rv)
    resample_rows(spectra.wavelength, spectra.flux, spectra.bad, grid, factor, out, filled)
    return out, filled


class Resampled(NamedTuple):
    """Spectra on another grid.

    Attributes
    ----------
    flux : ndarray of float32, [n, m]
    ivar : ndarray of float32, [n, m]
        Inverse variance; 0 where the flux is no measurement.
    filled : ndarray of float32, [n]
        Share of invented flux.
    """

    flux: np.ndarray
    ivar: np.ndarray
    filled: np.ndarray


def resample(spectra: SpectrumSet, grid: Grid, rv=None, *, order: int = 1) -> Resampled:
    """Flux, inverse variance and invented share on a grid, in the rest frame where velocities are given.

    The variance is interpolated linearly for both orders. Two neighbours are not taken for independent, which would
    make the variance between them half of theirs: interpolation creates no information. The noise of neighbouring
    pixels is correlated afterwards. A cubic's own weights can be negative, and with them a variance.

    Parameters
    ----------
    spectra : SpectrumSet
        n spectra.
    grid : Grid
        m pixels.
    rv : ndarray, [n], optional
        Radial velocities, km/s; with them the grid is the rest frame's. NaN leaves a spectrum unshifted.
    order : {1, 3}
        1: linear interpolation of the flux, as `resample_linear`. 3: a cubic spline through the good pixels (third
        derivative continuous beside the ends); across masked pixels it is linear, since a cubic overshoots there.

    Returns
    -------
    Resampled
        Beyond the first or last good pixel the flux is held and the inverse variance is 0; it is 0 too where a pixel
        beside the wavelength is bad. A spectrum without a good pixel is all zeros.

    Raises
    ------
    ValueError
        When ``order`` is neither 1 nor 3.
    """
    from mstars.spectra.loops import cubic_rows, ivar_rows, resample_rows

    if order not in (1, 3):
        raise ValueError(f"order is {order!r}, expected 1 (linear) or 3 (cubic)")
    flux, ivar = (np.empty((len(spectra), len(grid)), np.float32) for _ in range(2))
    filled = np.empty(len(spectra), np.float32)
    wavelength, bad, factor = spectra.wavelength, spectra.bad, _factor(spectra, rv)
    rows = resample_rows if order == 1 else cubic_rows
    rows(wavelength, spectra.flux, bad, grid.wavelength, factor, flux, filled)
    ivar_rows(wavelength, spectra.ivar, bad, grid.wavelength, factor, ivar)
    return Resampled(flux, ivar, filled)


def _factor(spectra: SpectrumSet, rv) -> np.ndarray:
    """What rest-frame wavelengths are multiplied with, [n]."""
    if rv is None:
        return np.ones(len(spectra))
    return 1.0 + np.nan_to_num(np.asarray(rv, dtype=float)) / C_KMS
