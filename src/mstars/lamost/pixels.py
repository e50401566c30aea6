"""The compiled loop of `mstars.lamost.ingest`: apart, so that a job of tables starts without numba."""

from __future__ import annotations

import numba
import numpy as np

USABLE, NO_FLUX, CONSTANT, NEGATIVE, MASKED, FEW = range(6)
"""What `clear_unusable` finds of a spectrum's flux."""

LEAST_GOOD = 300
"""A spectrum with fewer good pixels can't be measured."""

_FLAT = 100  # in real files up to 34 pixels in a row have one flux


@numba.njit(cache=True)
def clear_unusable(flux, ivar, ormask):
    """Zero pixels that are not finite, have a negative ivar, or have one flux over a long stretch, in place.

    Parameters
    ----------
    flux, ivar, ormask : ndarray, [n, pixel]

    Returns
    -------
    n_good : ndarray of int64, [n]
        Good pixels of each row (as `SpectrumSet.bad` says).
    found : ndarray of int64, [n]
        `USABLE`; `NO_FLUX`: no flux but 0; `MASKED`: no good pixel; `CONSTANT`: most pixels with an ivar have the flux
        of their neighbours; `NEGATIVE`: most of the good ones have no positive flux; `FEW`: fewer good ones than
        `LEAST_GOOD`.
    """
    n_good, found = np.zeros(len(flux), np.int64), np.full(len(flux), USABLE)
    for row in range(len(flux)):
        n_known, has_flux, unmasked = 0, False, False
        lowest, highest = np.inf, -np.inf
        for pixel in range(flux.shape[1]):
            value, weight = flux[row, pixel], ivar[row, pixel]
            if not (np.isfinite(value) and np.isfinite(weight) and weight >= 0):
                flux[row, pixel] = 0.0
                ivar[row, pixel] = 0.0
                continue
            if value != 0:
                has_flux = True
            if weight > 0:
                n_known += 1
                lowest, highest = min(lowest, value), max(highest, value)
                unmasked = unmasked or ormask[row, pixel] == 0
        constant = highest - lowest <= 1e-5 * abs(highest)
        n_flat = _clear_flat(flux[row], ivar[row]) if has_flux and not constant else 0
        good, positive = 0, 0
        for pixel in range(flux.shape[1]):
            if ivar[row, pixel] > 0 and ormask[row, pixel] == 0:
                good += 1
                positive += flux[row, pixel] > 0
        n_good[row] = good
        if not has_flux:
            found[row] = NO_FLUX
        elif not unmasked:
            found[row] = MASKED
        elif constant or 2 * n_flat > n_known and good < LEAST_GOOD:
            found[row] = CONSTANT
        elif 2 * positive <= good:
            found[row] = NEGATIVE
        elif good < LEAST_GOOD:
            found[row] = FEW
    return n_good, found


@numba.njit(cache=True)
def _clear_flat(flux, ivar):
    """Zero stretches of more than `_FLAT` known pixels of one flux, in place; how many pixels they have."""
    cleared, start = 0, 0
    for pixel in range(1, len(flux) + 1):
        goes_on = pixel < len(flux) and ivar[pixel] > 0 and ivar[start] > 0 and flux[pixel] == flux[start]
        if goes_on:
            continue
        if pixel - start > _FLAT and ivar[start] > 0:
            flux[start:pixel] = 0.0
            ivar[start:pixel] = 0.0
            cleared += pixel - start
        start = pixel
    return cleared
