"""What is done to fluxes before they are compared, compiled: gaps are filled, running means are taken off."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def fill_straight(flux, bad):
    """Put straight lines across masked pixels, in place; beyond the last good pixel its flux is held.

    Parameters
    ----------
    flux : ndarray of float32, [n, p]
    bad : ndarray of bool, [n, p]
    """
    for row in range(flux.shape[0]):
        last = -1
        for pixel in range(flux.shape[1] + 1):
            if pixel < flux.shape[1] and bad[row, pixel]:
                continue
            end = pixel < flux.shape[1]
            for k in range(last + 1, pixel):
                if last < 0:
                    flux[row, k] = flux[row, pixel] if end else 0.0
                elif not end:
                    flux[row, k] = flux[row, last]
                else:
                    t = np.float32((k - last) / (pixel - last))
                    flux[row, k] = flux[row, last] + t * (flux[row, pixel] - flux[row, last])
            last = pixel


@numba.njit(nogil=True, cache=True)
def subtract_running_mean(values, half, share):
    """Take ``share`` of the running mean from each row; near the ends the mean has fewer pixels.

    Parameters
    ----------
    values : ndarray of float64 or float32, [n, p]
    half : int
        The mean is over 2 * half + 1 pixels; its sums are float64.
    share : float
        0 to 1.

    Returns
    -------
    ndarray, [n, p]
        Of the type of ``values``.
    """
    result = np.empty_like(values)
    count = values.shape[1]
    for row in range(values.shape[0]):
        sums = np.zeros(count + 1)
        for k in range(count):
            sums[k + 1] = sums[k] + values[row, k]
        for k in range(count):
            first, end = max(0, k - half), min(count, k + half + 1)
            result[row, k] = values[row, k] - share * (sums[end] - sums[first]) / (end - first)
    return result
