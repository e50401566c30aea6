"""Compiled loops of `mstars.engines.slam.svr`."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, fastmath=True)
def residual_step(target, fitted, limit, state, tube, relax):
    """One step of the residuals and of the dual values of all pixels.

    ``state`` is the residual plus the scaled dual value of the last step: both follow from it. With v the state, the
    dual value is 0 inside the tube, v less its edge up to ``limit``, and ``limit`` farther out; the residual is the
    rest.

    Parameters
    ----------
    target : ndarray of float32, [n, p]
    fitted : ndarray of float32, [n, p]
        The regression; on return what it is to be fitted to next: target - residual + dual value.
    limit : ndarray of float32, [n, p]
        C over the penalty; 0 for samples that do not count.
    state : ndarray of float32, [n, p]
        Changed in place.
    tube : float
        Half width epsilon of the tube.
    relax : float
        Over-relaxation.
    """
    zero, tube, relax = np.float32(0.0), np.float32(tube), np.float32(relax)
    for row in range(target.shape[0]):
        for pixel in range(target.shape[1]):
            c, v = limit[row, pixel], state[row, pixel]
            dual = max(min(v - tube, c), zero) + min(max(v + tube, -c), zero)
            y = target[row, pixel]
            v = (np.float32(1.0) - relax) * (v - dual) + relax * (y - fitted[row, pixel]) + dual
            state[row, pixel] = v
            dual = max(min(v - tube, c), zero) + min(max(v + tube, -c), zero)
            fitted[row, pixel] = y - v + dual + dual
