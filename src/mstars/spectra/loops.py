"""Compiled loops of `mstars.spectra`: apart, so that a job of tables starts without numba."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, fastmath=False)
def resample_rows(wavelength, flux, bad, grid, factor, out, filled):
    """`np.interp` over the good pixels of each row, with the ends held constant; ``filled`` counts invented pixels."""
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
def zscore_rows(flux, out):
    """In double precision; four sums side by side, which a processor adds at once and every one in the same order."""
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
