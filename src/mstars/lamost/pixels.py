"""The compiled loop of `mstars.lamost.ingest`: apart, so that a job of tables starts without numba."""

from __future__ import annotations

import numba
import numpy as np

USABLE, NO_FLUX, CONSTANT, NEGATIVE, MASKED = range(5)
"""What `clear_unusable` finds of a spectrum's flux."""


@numba.njit(cache=True)
def clear_unusable(flux, ivar, ormask):
    """Zero pixels that are not finite or have a negative ivar, in place.

    Parameters
    ----------
    flux, ivar, ormask : ndarray, [n, pixel]

    Returns
    -------
    n_good : ndarray of int64, [n]
        Good pixels of each row (as `SpectrumSet.bad` says).
    found : ndarray of int64, [n]
        `USABLE`; `NO_FLUX`: no flux but 0; `MASKED`: no good pixel; `CONSTANT`: all pixels with an ivar have one flux;
        `NEGATIVE`: none of them has a positive flux.
    """
    n_good, found = np.zeros(len(flux), np.int64), np.full(len(flux), USABLE)
    for row in range(len(flux)):
        good, has_flux = 0, False
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
                lowest, highest = min(lowest, value), max(highest, value)
                if ormask[row, pixel] == 0:
                    good += 1
        n_good[row] = good
        if not has_flux:
            found[row] = NO_FLUX
        elif good == 0:
            found[row] = MASKED
        elif highest - lowest <= 1e-5 * abs(highest):
            found[row] = CONSTANT
        elif highest <= 0:
            found[row] = NEGATIVE
    return n_good, found
