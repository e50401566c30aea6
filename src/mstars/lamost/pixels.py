"""The compiled loop of `mstars.lamost.ingest`: apart, so that a job of tables starts without numba."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def clear_unusable(flux, ivar, ormask):
    """Zero pixels that are not finite or have a negative ivar, in place.

    Returns the good pixels of each row (as `SpectrumSet.bad` says) and which rows hold a non-zero flux.
    """
    n_good, has_flux = np.zeros(len(flux), np.int64), np.zeros(len(flux), np.bool_)
    for row in range(len(flux)):
        good = 0
        for pixel in range(flux.shape[1]):
            value, weight = flux[row, pixel], ivar[row, pixel]
            if not (np.isfinite(value) and np.isfinite(weight) and weight >= 0):
                flux[row, pixel] = 0.0
                ivar[row, pixel] = 0.0
                continue
            if value != 0:
                has_flux[row] = True
            if weight > 0 and ormask[row, pixel] == 0:
                good += 1
        n_good[row] = good
    return n_good, has_flux
