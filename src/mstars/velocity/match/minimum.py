"""The minimum of chi2 over velocity, compiled: coarse ones by a parabola, exact ones by a descent and a quartic."""

from __future__ import annotations

import numba
import numpy as np

from mstars.velocity.compiling import FAST, Observed
from mstars.velocity.match.chi2 import chi2_at


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def descend(observed, coefficient, offset, start, step, limit):
    """Walk towards a local minimum by parabolas, to a fraction of ``step``.

    Parameters
    ----------
    observed, coefficient, offset
        As for `mstars.velocity.match.chi2.chi2_at`.
    start, step, limit : float
        First velocity, distance of a parabola's points, and the largest speed, km/s.

    Returns
    -------
    float
        km/s.
    """
    middle = start
    for _ in range(12):
        left = chi2_at(observed, coefficient, offset, middle - step)
        here = chi2_at(observed, coefficient, offset, middle)
        right = chi2_at(observed, coefficient, offset, middle + step)
        bend = left - 2 * here + right
        if not bend > 0:
            move = -step if left < right else step
        else:
            move = 0.5 * step * (left - right) / bend
            move = min(max(move, -1.5 * step), 1.5 * step)
        middle = min(max(middle + move, -limit), limit)
        if abs(move) < step:
            break
    return middle


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def refine_one(observed, coefficient, offset, start, step, limit):
    """Local minimum of chi2 near ``start``, to a few m/s.

    Parabolas find the minimum to a few km/s. A quartic through five points 5 km/s apart around it gives velocity and
    curvature; it is laid again where the minimum is not between the points.

    Parameters
    ----------
    observed, coefficient, offset, start, step, limit
        As for `descend`.

    Returns
    -------
    velocity : float
        km/s.
    chi2 : float
    bend : float
        Second derivative of chi2, (km/s)^-2.
    """
    middle = descend(observed, coefficient, offset, start, step, limit)
    h = 5.0
    f = np.empty(5)
    for turn in range(6):
        for k in range(5):
            f[k] = chi2_at(observed, coefficient, offset, middle + (k - 2) * h)
        # derivatives of the interpolating quartic at the middle
        d1 = (f[0] - 8 * f[1] + 8 * f[3] - f[4]) / (12 * h)
        d2 = (-f[0] + 16 * f[1] - 30 * f[2] + 16 * f[3] - f[4]) / (12 * h * h)
        d3 = (-f[0] + 2 * f[1] - 2 * f[3] + f[4]) / (2 * h * h * h)
        d4 = (f[0] - 4 * f[1] + 6 * f[2] - 4 * f[3] + f[4]) / (h * h * h * h)
        x = 0.0
        if d2 > 0:
            for _ in range(6):
                slope = d1 + x * (d2 + x * (d3 / 2 + x * d4 / 6))
                bend = d2 + x * (d3 + x * d4 / 2)
                if not bend > 0:
                    break
                x -= slope / bend
            x = min(max(x, -2 * h), 2 * h)
        if not abs(x) > h or abs(middle + x) >= limit or turn == 5:
            break
        middle += x
    value = f[2] + x * (d1 + x * (d2 / 2 + x * (d3 / 6 + x * d4 / 24)))
    return middle + x, value, d2 + x * (d3 + x * d4 / 2)


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def approach(observed, coefficient, offset, start, step, limit):
    """As `refine_one`, to a fraction of a km/s with fewer chi2: the last parabola's points are 10 km/s apart.

    Parameters
    ----------
    observed, coefficient, offset, start, step, limit
        As for `descend`.

    Returns
    -------
    velocity, chi2, bend : float
        As of `refine_one`.
    """
    middle = descend(observed, coefficient, offset, start, step, limit)
    h = 10.0
    left = chi2_at(observed, coefficient, offset, middle - h)
    here = chi2_at(observed, coefficient, offset, middle)
    right = chi2_at(observed, coefficient, offset, middle + h)
    bend = left - 2.0 * here + right
    x = 0.0
    if bend > 0:
        x = min(max(0.5 * (left - right) / bend, -1.0), 1.0)
    return middle + x * h, here - 0.5 * bend * x * x, bend / (h * h)


@numba.njit(nogil=True, fastmath=FAST, cache=True)
def approach_chunk(observed, splines, template, start, step, limit, out):
    """`approach` of each spectrum with its few best templates.

    Parameters
    ----------
    observed : Observed
        Of n spectra.
    splines : Splines
    template : ndarray of int64, [n, c]
        -1: none.
    start : ndarray of float64, [n, c]
        Where to start, km/s.
    step, limit : float
        km/s.
    out : ndarray of float64, [n, c, 3]
        Result: velocity, chi2 and second derivative; NaN for no template.
    """
    for row in range(observed.flux.shape[0]):
        own = Observed(
            observed.flux[row].astype(np.float64), observed.weight[row].astype(np.float64), observed.coordinate
        )
        for c in range(template.shape[1]):
            if template[row, c] < 0:
                out[row, c] = np.nan
                continue
            spline = splines.coefficient[template[row, c]]
            result = approach(own, spline, splines.offset, start[row, c], step, limit)
            out[row, c, 0], out[row, c, 1], out[row, c, 2] = result


@numba.njit(fastmath=False, cache=True, forceinline=False)
def parabola(left, here, right, middle, step):
    """Vertex of the parabola through three points; the middle point where it does not open upwards.

    Parameters
    ----------
    left, here, right : float
        Values.
    middle, step : float
        Place of the middle point, and the points' distance.

    Returns
    -------
    vertex, value : float
    """
    bend = left - 2.0 * here + right
    if not bend > 0.0:
        return middle, here
    x = min(max(0.5 * (left - right) / bend, -1.0), 1.0)
    return middle + x * step, here - 0.5 * bend * x * x


@numba.njit(nogil=True, cache=True)
def parabola_minima(chi2, velocity, least, vertex):
    """Lowest point of each coarse curve, by a parabola unless it is the curve's end.

    Parameters
    ----------
    chi2 : ndarray, [n, j, v]
    velocity : ndarray of float64, [v]
        km/s.
    least, vertex : ndarray of float64, [n, j]
        Results: chi2 and velocity (km/s) of the lowest point.
    """
    step = velocity[1] - velocity[0]
    for row in range(chi2.shape[0]):
        for j in range(chi2.shape[1]):
            k = np.argmin(chi2[row, j])
            if k == 0 or k == velocity.size - 1:
                least[row, j], vertex[row, j] = chi2[row, j, k], velocity[k]
            else:
                left, here, right = np.float64(chi2[row, j, k - 1]), np.float64(chi2[row, j, k]), chi2[row, j, k + 1]
                vertex[row, j], least[row, j] = parabola(left, here, np.float64(right), velocity[k], step)


@numba.njit(nogil=True, fastmath=FAST, cache=True)
def exact_minima(observed, rows, splines, template, center, velocity, least, vertex):
    """Coarse minima of a few templates, in double precision: walks the grid from ``center`` to the local minimum.

    Parameters
    ----------
    observed : Observed
        Of a chunk.
    rows : ndarray of int64, [k]
        The spectra of the chunk that are looked at.
    splines : Splines
    template, center : ndarray of int64, [k, c]
        Templates, and the number of the velocity to start from.
    velocity : ndarray of float64, [v]
        Coarse velocities, km/s.
    least, vertex : ndarray of float64, [k, c]
        Results: chi2 and velocity (km/s) of the lowest point.
    """
    step = velocity[1] - velocity[0]
    last = velocity.size - 1
    for index in range(rows.size):
        row = rows[index]
        own = Observed(
            observed.flux[row].astype(np.float64), observed.weight[row].astype(np.float64), observed.coordinate
        )
        for c in range(template.shape[1]):
            spline = splines.coefficient[template[index, c]]
            k = min(max(center[index, c], 1), last - 1)
            left = chi2_at(own, spline, splines.offset, velocity[k - 1])
            here = chi2_at(own, spline, splines.offset, velocity[k])
            right = chi2_at(own, spline, splines.offset, velocity[k + 1])
            while left < here and k > 1:
                k -= 1
                right, here = here, left
                left = chi2_at(own, spline, splines.offset, velocity[k - 1])
            while right < here and k < last - 1:
                k += 1
                left, here = here, right
                right = chi2_at(own, spline, splines.offset, velocity[k + 1])
            if left < here:
                least[index, c], vertex[index, c] = left, velocity[k - 1]
            elif right < here:
                least[index, c], vertex[index, c] = right, velocity[k + 1]
            else:
                vertex[index, c], least[index, c] = parabola(left, here, right, velocity[k], step)
