"""SLAM's normalisation: the flux over the second of two smoothing splines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.ndimage import binary_dilation, binary_opening

FLUX_MIN, FLUX_MAX = 1e-3, 1e2
"""Normalised fluxes outside are no measurements (MDwarfMachine)."""
_LONG_GAP = 6
"""Pixels of a gap that grows by two: a quarter of them rounds to two."""
_FAINTEST = 1e-3
"""Share of a continuum's median below which nothing is divided by it."""


class Normalised(NamedTuple):
    """Spectra over their continua.

    Attributes
    ----------
    flux, ivar : ndarray of float32, [n, pixel]
        The flux is 1 where there is no measurement; there the inverse variance is 0.
    continuum : ndarray of float32, [n, pixel]
        In the unit of the flux given; 0 where there is none.
    """

    flux: np.ndarray
    ivar: np.ndarray
    continuum: np.ndarray


def normalise(wavelength: np.ndarray, flux: np.ndarray, ivar: np.ndarray, options: Mapping) -> Normalised:
    """Normalise spectra; pixels without information do not shape the continuum.

    A smoothing spline with parameter p minimises p times the sum of squared residuals plus (1 - p) times the integral
    of the squared second derivative. The first one shows which pixels lie high; the second goes through these.

    Parameters
    ----------
    wavelength : ndarray of float64, [pixel]
        Angstrom, ascending.
    flux, ivar : ndarray of float32, [n, pixel]
    options : mapping
        ``p`` (both splines), ``quantile``, ``bin`` (angstrom), ``keep`` and ``deviation``: as
        `mstars.engines.slam.settings.Normalisation` says.

    Returns
    -------
    Normalised
    """
    from mstars.engines.slam.continuum_loops import continuum_rows

    flux = np.ascontiguousarray(flux, dtype=np.float32)
    good = (ivar > 0) & np.isfinite(flux)
    number = np.floor((wavelength - wavelength[0]) / options["bin"]).astype(int)
    first_bin = np.append(np.searchsorted(number, np.unique(number)), len(wavelength))
    stiffness = np.array([(1 - p) / p for p in options["p"]])
    continuum = np.empty_like(flux)
    whole = options["deviation"] == "spectrum"
    continuum_rows(
        *(wavelength, flux, good, first_bin, stiffness, options["quantile"], options["keep"], whole, continuum)
    )
    faintest = _FAINTEST * np.median(continuum, axis=1, keepdims=True)
    sound = (continuum > np.maximum(faintest, 0)) & np.isfinite(continuum)
    continuum[~sound] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        result = flux / continuum
        result_ivar = ivar * continuum**2
    # a spectrum of constants is no star's
    level = ~(np.ptp(flux, axis=1) > 0)
    good &= sound & (result > FLUX_MIN) & (result < FLUX_MAX) & ~level[:, None]
    return Normalised(
        np.where(good, result, 1).astype(np.float32), np.where(good, result_ivar, 0).astype(np.float32), continuum
    )


def without_neighbours(ivar: np.ndarray) -> np.ndarray:
    """Inverse variances without pixels beside gaps, as the authors' program leaves them out.

    A gap grows by a quarter of its length on each side, one pixel at least and two at most. Pixels whose noise is
    above the continuum are gaps too.

    Parameters
    ----------
    ivar : ndarray of float32, [n, pixel]
        Of normalised fluxes; 0 where there is no measurement.

    Returns
    -------
    ndarray of float32, [n, pixel]
    """
    gap = ~(ivar > 1)
    long = binary_opening(gap, np.ones((1, _LONG_GAP), bool))
    grown = binary_dilation(gap, np.ones((1, 3), bool)) | binary_dilation(long, np.ones((1, 5), bool))
    return np.where(grown, 0, ivar).astype(np.float32)
