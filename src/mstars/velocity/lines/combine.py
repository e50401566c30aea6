"""The rules that make one velocity of several lines, compiled: DSAL I's consistent lines, DSAL II's 1 sigma clip."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def consistent_run(ordered, tolerance):
    """Largest run of sorted velocities within a tolerance of its own median, the tightest of equals.

    Parameters
    ----------
    ordered : ndarray of float64, [k]
        km/s, ascending.
    tolerance : float
        km/s.

    Returns
    -------
    first, end : int
    """
    best_first, best_end, best_spread = 0, 0, np.inf
    for first in range(ordered.size):
        for end in range(first + 1, ordered.size + 1):
            count = end - first
            if count < best_end - best_first:
                continue
            middle = 0.5 * (ordered[first + (count - 1) // 2] + ordered[first + count // 2])
            if max(ordered[end - 1] - middle, middle - ordered[first]) > tolerance:
                continue
            spread = ordered[first:end].std()
            if count > best_end - best_first or spread < best_spread:
                best_first, best_end, best_spread = first, end, spread
    return best_first, best_end


@numba.njit(cache=True)
def combine_consistent(velocity, tolerance, out):
    """DSAL I of one spectrum: the lines that agree (section 3.4.3).

    Parameters
    ----------
    velocity : ndarray of float64, [line]
        km/s; NaN: no line.
    tolerance : float
        km/s.
    out : ndarray of float64, [4]
        Result: mean and standard deviation of the consistent lines (km/s; NaN for fewer than three), their number,
        number of lines.
    """
    ordered = np.sort(velocity[np.isfinite(velocity)])
    first, end = consistent_run(ordered, tolerance)
    out[2], out[3] = end - first, ordered.size
    out[0] = out[1] = np.nan
    if end - first >= 3:
        out[0], out[1] = ordered[first:end].mean(), ordered[first:end].std()


@numba.njit(cache=True)
def combine_clipped(velocity, scatter, out):
    """DSAL II of one spectrum: lines outside 1 sigma leave until the scatter is small (section 3.4.3).

    Parameters
    ----------
    velocity : ndarray of float64, [line]
        km/s; NaN: no line.
    scatter : float
        Standard deviation that ends the iteration, km/s.
    out : ndarray of float64, [4]
        Result: mean and standard deviation of the lines left (km/s), their number, number of lines.
    """
    rest = velocity[np.isfinite(velocity)]
    out[0] = out[1] = np.nan
    out[2], out[3] = 0, rest.size
    if rest.size == 0:
        return
    while rest.size > 1 and rest.std() >= scatter:
        kept = rest[np.abs(rest - rest.mean()) <= rest.std() * (1 + 1e-9)]
        if kept.size < 2 or kept.size == rest.size:
            break
        rest = kept
    out[0], out[2] = rest.mean(), rest.size
    if rest.size > 1:
        out[1] = rest.std()


@numba.njit(nogil=True, cache=True)
def combine_all(velocity, tolerance, scatter, first, second):
    """Both rules for each spectrum.

    Parameters
    ----------
    velocity : ndarray of float64, [n, line]
        km/s; NaN: no line.
    tolerance, scatter : float
        As for `combine_consistent` and `combine_clipped`, km/s.
    first, second : ndarray of float64, [n, 4]
        Results of the two rules.
    """
    for row in range(velocity.shape[0]):
        combine_consistent(velocity[row], tolerance, first[row])
        combine_clipped(velocity[row], scatter, second[row])
