"""Cubic B-splines on the log grid: a template moved by a velocity is a sum of four coefficient arrays.

On a uniform grid the fraction of a shift is the same at each pixel, so that
value[i] = sum_m weight[m] * coefficient[i + first + m].
"""

from __future__ import annotations

import math

import numba
import numpy as np

from mstars.core.constants import C_KMS
from mstars.spectra.wavelengths import DLOGLAM
from mstars.velocity.compiling import FAST


def pixel_shift(velocity):
    """Shift in pixels of the log grid for a velocity, without the small-velocity approximation.

    Parameters
    ----------
    velocity : float or ndarray
        km/s.

    Returns
    -------
    float or ndarray
        Pixels of `DLOGLAM`, positive to the red.
    """
    return np.log10(1.0 + np.asarray(velocity, dtype=float) / C_KMS) / DLOGLAM


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def spline_weights(offset, velocity):
    """First coefficient of the first compared pixel, and the four cubic B-spline weights of all pixels.

    Parameters
    ----------
    offset : float
        Template pixel of the first compared pixel at velocity 0.
    velocity : float
        km/s; the template moves to the red where it is positive.

    Returns
    -------
    first : int
    w0, w1, w2, w3 : float
    """
    position = offset - math.log10(1.0 + velocity / C_KMS) / DLOGLAM
    whole = int(math.floor(position))
    t = position - whole
    square, cube, rest = t * t, t * t * t, 1 - t
    w0, w1 = rest * rest * rest / 6, (3 * cube - 6 * square + 4) / 6
    return whole - 1, w0, w1, (-3 * cube + 3 * square + 3 * t + 1) / 6, cube / 6


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def template_flux(coefficient, offset, velocity, out):
    """A template's flux on the compared pixels.

    Parameters
    ----------
    coefficient : ndarray of float64, [q]
    offset, velocity : float
        As for `spline_weights`.
    out : ndarray of float64, [p]
        Result.
    """
    first, w0, w1, w2, w3 = spline_weights(offset, velocity)
    for i in range(out.size):
        s = w0 * coefficient[first + i] + w1 * coefficient[first + i + 1]
        out[i] = s + w2 * coefficient[first + i + 2] + w3 * coefficient[first + i + 3]


def spline_coefficients(values: np.ndarray) -> np.ndarray:
    """B-spline coefficients on the samples' own grid, natural ends.

    They solve (c[i-1] + 4 c[i] + c[i+1]) / 6 = value[i].

    Parameters
    ----------
    values : ndarray of float64, [q]

    Returns
    -------
    ndarray of float64, [q]
    """
    # here, since a job that reads a bank from its file makes no coefficients
    from scipy.linalg import solve_banded

    count = len(values)
    bands = np.zeros((3, count))
    bands[0, 1:], bands[1], bands[2, :-1] = 1 / 6, 4 / 6, 1 / 6
    bands[1, 0] = bands[1, -1] = 1.0
    bands[0, 1] = bands[2, -2] = 0.0
    return solve_banded((1, 1), bands, values)
