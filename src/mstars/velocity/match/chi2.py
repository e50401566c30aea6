"""chi2 of Eq. 2 at any one velocity, in double precision: the polynomial is solved exactly each time.

The loops run on the thread that calls them, without Python's lock: `mstars.velocity.pool` runs several at a time.
"""

from __future__ import annotations

import numba
import numpy as np

from mstars.velocity.compiling import FAST, Observed
from mstars.velocity.match.splines import spline_weights
from mstars.velocity.normal_equations import explained


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def chi2_at(observed, coefficient, offset, velocity):
    """chi2 of one spectrum, template and velocity at the best polynomial (N times Eq. 2).

    Parameters
    ----------
    observed : Observed
        Of one spectrum.
    coefficient : ndarray of float64, [q]
        B-spline coefficients of the template.
    offset : float
        Template pixel of the first compared pixel at velocity 0.
    velocity : float
        km/s.

    Returns
    -------
    float
        Sum of weight * (flux - P S)^2; NaN where the template runs out.
    """
    flux, weight, coordinate = observed
    start, w0, w1, w2, w3 = spline_weights(offset, velocity)
    count = flux.size
    if start < 0 or start + count + 3 > coefficient.size:
        return np.nan
    b0 = b1 = b2 = b3 = b4 = 0.0
    m0 = m1 = m2 = m3 = m4 = m5 = m6 = m7 = m8 = 0.0
    power = 0.0
    for i in range(count):
        s = w0 * coefficient[start + i] + w1 * coefficient[start + i + 1]
        s += w2 * coefficient[start + i + 2] + w3 * coefficient[start + i + 3]
        x = coordinate[i]
        ws = weight[i] * s
        wsy = ws * flux[i]
        wss = ws * s
        power += weight[i] * flux[i] * flux[i]
        x2 = x * x
        x3 = x2 * x
        x4 = x2 * x2
        b0 += wsy
        b1 += wsy * x
        b2 += wsy * x2
        b3 += wsy * x3
        b4 += wsy * x4
        m0 += wss
        m1 += wss * x
        m2 += wss * x2
        m3 += wss * x3
        m4 += wss * x4
        wss4 = wss * x4
        m5 += wss4 * x
        m6 += wss4 * x2
        m7 += wss4 * x3
        m8 += wss4 * x4
    b = (b0, b1, b2, b3, b4)
    m = (m0, m1, m2, m3, m4, m5, m6, m7, m8)
    return power - explained(m, b)


@numba.njit(nogil=True, fastmath=FAST, cache=True)
def curve_chunk(observed, splines, template, velocity, out):
    """chi2 of each spectrum with one template on its own velocities.

    Parameters
    ----------
    observed : Observed
        Of n spectra.
    splines : Splines
    template : ndarray of int64, [n]
        -1: none.
    velocity : ndarray of float64, [n, k]
        km/s.
    out : ndarray of float64, [n, k]
        Result, as `chi2_at`; NaN for no template.
    """
    for row in range(observed.flux.shape[0]):
        own = Observed(
            observed.flux[row].astype(np.float64), observed.weight[row].astype(np.float64), observed.coordinate
        )
        for k in range(velocity.shape[1]):
            if template[row] < 0:
                out[row, k] = np.nan
            else:
                out[row, k] = chi2_at(own, splines.coefficient[template[row]], splines.offset, velocity[row, k])
