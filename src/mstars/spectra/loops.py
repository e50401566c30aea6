"""Compiled loops of `mstars.spectra`: apart, so that a job of tables starts without numba."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, fastmath=False)
def resample_rows(wavelength, flux, bad, grid, factor, out, filled):
    """`np.interp` over the good pixels of each row, with the ends held constant.

    Parameters
    ----------
    wavelength : ndarray of float64, [p]
        Angstrom, ascending.
    flux : ndarray of float32, [n, p]
    bad : ndarray of bool, [n, p]
    grid : ndarray of float64, [m]
        Angstrom, ascending.
    factor : ndarray of float64, [n]
        What the grid is multiplied by for each row: 1 + v/c.
    out : ndarray of float32, [n, m]
        Result; 0 for a row without a good pixel.
    filled : ndarray of float32, [n]
        Result: share of the grid's pixels that are beyond the data or across bad pixels.
    """
    n_pixel, n_grid = wavelength.size, grid.size
    for row in range(flux.shape[0]):
        scale = factor[row]
        left, count = -1, 0
        right = 0
        while right < n_pixel and bad[row, right]:
            right += 1
        if right == n_pixel:
            out[row, :] = 0.0
            filled[row] = 1.0
            continue
        for k in range(n_grid):
            x = grid[k] * scale
            while right < n_pixel and wavelength[right] < x:
                left = right
                right += 1
                while right < n_pixel and bad[row, right]:
                    right += 1
            if left < 0:
                out[row, k] = flux[row, right]
                if wavelength[right] != x:
                    count += 1
            elif right >= n_pixel:
                out[row, k] = flux[row, left]
                count += 1
            else:
                t = (x - wavelength[left]) / (wavelength[right] - wavelength[left])
                out[row, k] = flux[row, left] + t * (flux[row, right] - flux[row, left])
                if right - left > 1:
                    count += 1
        filled[row] = count / n_grid


@numba.njit(cache=True, fastmath=False)
def ivar_rows(wavelength, ivar, bad, grid, factor, out):
    """Inverse of the linearly interpolated variance.

    Parameters
    ----------
    wavelength, bad, grid, factor
        As for `resample_rows`.
    ivar : ndarray of float32, [n, p]
    out : ndarray of float32, [n, m]
        Result; 0 beside a bad pixel and outside the data.
    """
    n_pixel, n_grid = wavelength.size, grid.size
    for row in range(ivar.shape[0]):
        right = 0
        for k in range(n_grid):
            x = grid[k] * factor[row]
            while right < n_pixel and wavelength[right] < x:
                right += 1
            out[row, k] = 0.0
            if right == n_pixel or bad[row, right]:
                continue
            if wavelength[right] == x:
                out[row, k] = ivar[row, right]
            elif right > 0 and not bad[row, right - 1]:
                t = (x - wavelength[right - 1]) / (wavelength[right] - wavelength[right - 1])
                out[row, k] = 1.0 / ((1.0 - t) / ivar[row, right - 1] + t / ivar[row, right])


@numba.njit(cache=True, fastmath=False)
def cubic_rows(wavelength, flux, bad, grid, factor, out, filled):
    """A cubic spline through the good pixels of each row, linear across bad ones, the ends held constant.

    Fewer than four good pixels are joined by straight lines.

    Parameters
    ----------
    wavelength, flux, bad, grid, factor, out, filled
        As for `resample_rows`.
    """
    n_pixel, n_grid = wavelength.size, grid.size
    x, y, slope, work = np.empty(n_pixel), np.empty(n_pixel), np.empty(n_pixel), np.empty(n_pixel)
    place = np.empty(n_pixel, np.int64)
    for row in range(flux.shape[0]):
        n = 0
        for pixel in range(n_pixel):
            if not bad[row, pixel]:
                x[n], y[n], place[n] = wavelength[pixel], flux[row, pixel], pixel
                n += 1
        if n == 0:
            out[row, :] = 0.0
            filled[row] = 1.0
            continue
        if n >= 4:
            spline_slopes(x, y, n, slope, work)
        right, count = 0, 0
        for k in range(n_grid):
            at = grid[k] * factor[row]
            while right < n and x[right] < at:
                right += 1
            if right == 0 or right == n:
                out[row, k] = y[min(right, n - 1)]
                if right == n or x[0] != at:
                    count += 1
                continue
            left = right - 1
            width = x[right] - x[left]
            t = (at - x[left]) / width
            gap = place[right] - place[left] > 1
            if gap:
                count += 1
            value = y[left] + t * (y[right] - y[left])
            if n >= 4 and not gap:
                rise = y[right] - y[left]
                a, b = width * slope[left] - rise, rise - width * slope[right]
                value += t * (1.0 - t) * (a * (1.0 - t) + b * t)
            out[row, k] = value
        filled[row] = count / n_grid


@numba.njit(cache=True, fastmath=False)
def spline_slopes(x, y, n, slope, work):
    """Slopes at the knots of the cubic spline with 'not-a-knot' ends (de Boor, chapter IV).

    Parameters
    ----------
    x, y : ndarray of float64, [>= n]
        Knots, ascending, and values.
    n : int
        Number of knots, at least 4.
    slope, work : ndarray of float64, [>= n]
        The slopes, and room to work in.
    """
    h, g = x[1] - x[0], x[2] - x[1]
    left, right = (y[1] - y[0]) / h, (y[2] - y[1]) / g
    # first row of the tridiagonal system: g * s0 + (h + g) * s1
    slope[0] = ((h + 2.0 * (h + g)) * g * left + h * h * right) / (h + g) / g
    work[0] = (h + g) / g
    for i in range(1, n - 1):
        h, g = x[i] - x[i - 1], x[i + 1] - x[i]
        left, right = (y[i] - y[i - 1]) / h, (y[i + 1] - y[i]) / g
        pivot = 2.0 * (h + g) - g * work[i - 1]
        slope[i] = (3.0 * (g * left + h * right) - g * slope[i - 1]) / pivot
        work[i] = h / pivot
    h, g = x[n - 2] - x[n - 3], x[n - 1] - x[n - 2]
    left, right = (y[n - 2] - y[n - 3]) / h, (y[n - 1] - y[n - 2]) / g
    value = (g * g * left + (2.0 * (h + g) + g) * h * right) / (h + g)
    slope[n - 1] = (value - (h + g) * slope[n - 2]) / (h - (h + g) * work[n - 2])
    for i in range(n - 2, -1, -1):
        slope[i] -= work[i] * slope[i + 1]


@numba.njit(cache=True, fastmath=False)
def zscore_rows(flux, out):
    """Each row less its mean, over its standard deviation, in double precision (step 5 of section 3.2).

    Four sums run side by side: a processor adds them at once, and every one in the same order.

    Parameters
    ----------
    flux : ndarray of float32 or float64, [n, pixel]
    out : ndarray of float32, [n, pixel]
        Result; 0 for a constant row.
    """
    n_row, n = flux.shape
    whole = n - n % 4
    for row in range(n_row):
        mean = 0.0
        for deviation in (False, True):
            a = b = c = d = 0.0
            for k in range(0, whole, 4):
                w, x = flux[row, k] - mean, flux[row, k + 1] - mean
                y, z = flux[row, k + 2] - mean, flux[row, k + 3] - mean
                if deviation:
                    w, x, y, z = w * w, x * x, y * y, z * z
                a, b, c, d = a + w, b + x, c + y, d + z
            for k in range(whole, n):
                w = flux[row, k] - mean
                a += w * w if deviation else w
            if deviation:
                sigma = np.sqrt((a + b + c + d) / n)
            else:
                mean = (a + b + c + d) / n
        if np.isfinite(sigma) and sigma > 1e-12 * max(abs(mean), 1e-300):
            for k in range(n):
                out[row, k] = (flux[row, k] - mean) / sigma
        else:
            out[row, :] = 0.0


@numba.njit(cache=True, fastmath=False)
def running_sums(flux, ivar, ormask, width, place, out):
    """Integrals of each row from its first pixel to some places: of its good pixels, their flux, and that's variance.

    Parameters
    ----------
    flux, ivar : ndarray of float32, [n, p]
    ormask : ndarray of uint8, [n, p]
    width : ndarray of float64, [p]
        Of the pixels, angstrom.
    place : ndarray of float64, [n, m]
        Pixels' edges, 0 to p; in between a pixel counts by its part.
    out : ndarray of float64, [3, n, m]
        Result.
    """
    n_pixel = width.size
    good, total, variance = np.zeros(n_pixel + 1), np.zeros(n_pixel + 1), np.zeros(n_pixel + 1)
    for row in range(flux.shape[0]):
        a = b = c = 0.0
        for pixel in range(n_pixel):
            value, weight = flux[row, pixel], ivar[row, pixel]
            if ormask[row, pixel] == 0 and weight > 0 and np.isfinite(value):  # SpectrumSet.bad
                w = width[pixel]
                a, b, c = a + w, b + value * w, c + w**2 / weight
            good[pixel + 1], total[pixel + 1], variance[pixel + 1] = a, b, c
        for k in range(place.shape[1]):
            left = min(int(place[row, k]), n_pixel - 1)
            share = place[row, k] - left
            out[0, row, k] = good[left] * (1 - share) + good[left + 1] * share
            out[1, row, k] = total[left] * (1 - share) + total[left + 1] * share
            out[2, row, k] = variance[left] * (1 - share) + variance[left + 1] * share
