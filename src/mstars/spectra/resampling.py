"""The compiled loop of `mstars.spectra.resample_linear`: apart, so that a job of tables starts without numba."""

from __future__ import annotations

import numba


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
