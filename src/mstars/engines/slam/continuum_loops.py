"""Compiled loops of `mstars.engines.slam.continuum`."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, fastmath=False)
def smoothing_spline(x, y, n, stiffness, fitted, second, work):
    """Natural cubic smoothing spline through points of unit weight (Reinsch 1967, Numer. Math. 10, 177).

    Minimises the sum of squared residuals plus ``stiffness`` times the integral of the squared second derivative.

    Parameters
    ----------
    x, y : ndarray of float64, [>= n]
        Ascending, and values.
    n : int
        Number of points, at least 3.
    stiffness : float
    fitted, second : ndarray of float64, [>= n]
        Results: values and second derivatives at the points.
    work : ndarray of float64, [4, >= n]
        Room to work in.
    """
    # (R + stiffness Q'Q) c = Q'y, five diagonals, by L D L'
    diagonal, first, other, right = work[0], work[1], work[2], work[3]
    for i in range(1, n - 1):
        h, g = x[i] - x[i - 1], x[i + 1] - x[i]
        a, b, c = 1.0 / h, -1.0 / h - 1.0 / g, 1.0 / g
        diagonal[i] = (h + g) / 3.0 + stiffness * (a * a + b * b + c * c)
        first[i] = other[i] = 0.0
        if i < n - 2:
            k = x[i + 2] - x[i + 1]
            first[i] = g / 6.0 + stiffness * (b / g + c * (-1.0 / g - 1.0 / k))
            if i < n - 3:
                other[i] = stiffness * c / k
        right[i] = (y[i + 1] - y[i]) / g - (y[i] - y[i - 1]) / h
    for i in range(1, n - 1):
        if i > 1:
            diagonal[i] -= diagonal[i - 1] * first[i - 1] ** 2
            right[i] -= first[i - 1] * right[i - 1]
        if i > 2:
            diagonal[i] -= diagonal[i - 2] * other[i - 2] ** 2
            right[i] -= other[i - 2] * right[i - 2]
        if i > 1:
            first[i] -= diagonal[i - 1] * first[i - 1] * other[i - 1]
        first[i] /= diagonal[i]
        other[i] /= diagonal[i]
    second[0] = second[n - 1] = 0.0
    for i in range(n - 2, 0, -1):
        second[i] = right[i] / diagonal[i]
        if i < n - 2:
            second[i] -= first[i] * second[i + 1]
        if i < n - 3:
            second[i] -= other[i] * second[i + 2]
    for i in range(n):
        bend = 0.0
        if i > 0:
            bend -= (second[i] - second[i - 1]) / (x[i] - x[i - 1])
        if i < n - 1:
            bend += (second[i + 1] - second[i]) / (x[i + 1] - x[i])
        fitted[i] = y[i] - stiffness * bend


@numba.njit(cache=True, fastmath=False)
def spline_values(x, fitted, second, n, at, out):
    """Values of a natural cubic spline, straight beyond its ends.

    Parameters
    ----------
    x, fitted, second : ndarray of float64, [>= n]
        Of `smoothing_spline`.
    n : int
    at : ndarray of float64, [m]
        Ascending.
    out : ndarray of float64, [m]
        Result.
    """
    h, g = x[1] - x[0], x[n - 1] - x[n - 2]
    rise = (fitted[1] - fitted[0]) / h - h * second[1] / 6.0
    fall = (fitted[n - 1] - fitted[n - 2]) / g + g * second[n - 2] / 6.0
    right = 1
    for k in range(at.size):
        if at[k] <= x[0]:
            out[k] = fitted[0] + rise * (at[k] - x[0])
        elif at[k] >= x[n - 1]:
            out[k] = fitted[n - 1] + fall * (at[k] - x[n - 1])
        else:
            while x[right] < at[k]:
                right += 1
            width = x[right] - x[right - 1]
            u = (at[k] - x[right - 1]) / width
            v = 1.0 - u
            out[k] = v * fitted[right - 1] + u * fitted[right]
            out[k] -= width * width / 6.0 * u * v * ((1.0 + v) * second[right - 1] + (1.0 + u) * second[right])


@numba.njit(cache=True, fastmath=False)
def _quantile(values, n, share):
    """Of the first n, by straight lines between the sorted values; sorts them in place."""
    part = values[:n]
    if n > 40:
        part.sort()
    else:
        for i in range(1, n):
            value, j = part[i], i
            while j > 0 and part[j - 1] > value:
                part[j] = part[j - 1]
                j -= 1
            part[j] = value
    place = share * (n - 1)
    lower = int(place)
    upper = min(lower + 1, n - 1)
    return part[lower] + (place - lower) * (part[upper] - part[lower])


@numba.njit(cache=True, fastmath=False)
def _median_deviation(values, n, room):
    """Median absolute deviation from the median of the first n; sorts ``values``."""
    middle = _quantile(values, n, 0.5)
    for i in range(n):
        room[i] = abs(values[i] - middle)
    return _quantile(room, n, 0.5)


@numba.njit(cache=True, fastmath=False)
def high_points(x, y, n, place, residual, first_bin, share, keep, whole, room, more):
    """Move the points that the second spline goes through to the front of x and y; returns how many they are."""
    deviation = 0.0
    if whole:
        room[:n] = residual[:n]
        deviation = _median_deviation(room, n, more)
    kept, start = 0, 0
    for one in range(first_bin.size - 1):
        stop = start
        while stop < n and place[stop] < first_bin[one + 1]:
            stop += 1
        count = stop - start
        if count > 0:
            room[:count] = residual[start:stop]
            level = _quantile(room, count, share)
            if not whole:
                deviation = _median_deviation(room, count, more)
            for i in range(start, stop):
                if abs(residual[i] - level) <= keep * deviation:
                    x[kept], y[kept] = x[i], y[i]
                    kept += 1
        start = stop
    return kept


@numba.njit(cache=True, fastmath=False)
def continuum_rows(wavelength, flux, good, first_bin, stiffness, share, keep, whole, out):
    """The two smoothing splines of each spectrum.

    Parameters
    ----------
    wavelength : ndarray of float64, [p]
    flux : ndarray of float32, [n, p]
    good : ndarray of bool, [n, p]
    first_bin : ndarray of int64, [bins + 1]
        First pixel of each bin, and p.
    stiffness : ndarray of float64, [2]
        Of the first and the second spline.
    share : float
        Quantile of the residuals in a bin that the second spline follows.
    keep : float
        Points within so many median absolute deviations of it stay.
    whole : bool
        The deviation is that of the whole spectrum, not of the bin.
    out : ndarray of float32, [n, p]
        Result; 0 for a spectrum with fewer than eight good pixels.
    """
    p = wavelength.size
    x, y, residual, room = np.empty(p), np.empty(p), np.empty(p), np.empty(p)
    fitted, second, work, curve = np.empty(p), np.empty(p), np.empty((4, p)), np.empty(p)
    place = np.empty(p, np.int64)
    for row in range(flux.shape[0]):
        n = 0
        for pixel in range(p):
            if good[row, pixel]:
                x[n], y[n], place[n] = wavelength[pixel], flux[row, pixel], pixel
                n += 1
        if n < 8:
            out[row, :] = 0.0
            continue
        smoothing_spline(x, y, n, stiffness[0], fitted, second, work)
        for i in range(n):
            residual[i] = y[i] - fitted[i]
        kept = high_points(x, y, n, place, residual, first_bin, share, keep, whole, room, work[0])
        if kept < 8:
            out[row, :] = 0.0
            continue
        smoothing_spline(x, y, kept, stiffness[1], fitted, second, work)
        spline_values(x, fitted, second, kept, wavelength, curve)
        for pixel in range(p):
            out[row, pixel] = curve[pixel]
