"""The broad shape of spectra: mean fluxes in 25 A bins, and band-head steps beside them, read from the stores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numba
import numpy as np
import pandas as pd

from mstars.classify.zirconium import HEADS, head_steps
from mstars.core.lines import CHROMOSPHERIC, VACUUM_LINES
from mstars.files.stores import read_batch
from mstars.spectra.container import SpectrumSet

FIRST, LAST, WIDTH = 3900.0, 8900.0, 25.0
"""Ends and width of the bins, vacuum angstrom."""

N_BIN = int((LAST - FIRST) / WIDTH)

LINE_HALF_WIDTH = 12.0
"""Half of what is left out around each line that active M dwarfs have in emission, angstrom."""


def bin_spectra(spectra: SpectrumSet) -> tuple[np.ndarray, np.ndarray]:
    """Mean flux in 25 A bins and its variance, scaled to a mean of 1.

    Parameters
    ----------
    spectra : SpectrumSet
        n spectra.

    Returns
    -------
    flux : ndarray of float64, [n, N_BIN]
        0 where there is nothing to average.
    variance : ndarray of float64, [n, N_BIN]
        Infinite in bins of which more than half is masked.
    """
    wavelength = spectra.wavelength
    number = np.floor((wavelength - FIRST) / WIDTH).astype(np.int64)
    number[(number < 0) | (number >= N_BIN)] = -1
    for line in CHROMOSPHERIC:
        number[np.abs(wavelength - VACUUM_LINES[line]) < LINE_HALF_WIDTH] = -1
    size = np.bincount(number[number >= 0], minlength=N_BIN)
    flux, variance, count = _bin_rows(spectra.flux, spectra.ivar, spectra.bad, number)
    known = count > 0.5 * np.maximum(size, 1)
    flux[~known] = 0.0
    scale = flux.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    scale = np.where(scale > 0, scale, np.nan)
    flux, variance = flux / scale, variance / scale**2
    return np.nan_to_num(flux), np.where(known & np.isfinite(variance), variance, np.inf)


@numba.njit(cache=True)
def _bin_rows(flux, ivar, bad, number):
    n, n_pixel = flux.shape
    total, variance = np.zeros((n, N_BIN)), np.zeros((n, N_BIN))
    count = np.zeros((n, N_BIN))
    for row in range(n):
        for pixel in range(n_pixel):
            k = number[pixel]
            if k < 0 or bad[row, pixel]:
                continue
            total[row, k] += flux[row, pixel]
            variance[row, k] += 1.0 / ivar[row, pixel]
            count[row, k] += 1.0
        for k in range(N_BIN):
            if count[row, k] > 0:
                total[row, k] /= count[row, k]
                variance[row, k] /= count[row, k] ** 2
    return total, variance, count


def read_features(rows: pd.DataFrame, stores: Mapping[str, str | Path]) -> dict[str, np.ndarray]:
    """Bins and band-head steps of the spectra in ``rows`` (batch, row), in its order.

    Parameters
    ----------
    rows : pandas.DataFrame
        n rows: batch, row.
    stores : mapping of str to path
        The store of each batch.

    Returns
    -------
    dict of ndarray
        flux, variance: [n, N_BIN]; steps, step_variance: [n, head] (`mstars.classify.zirconium.head_steps`).
    """
    names = ("flux", "variance", "steps", "step_variance")
    width = {"flux": N_BIN, "variance": N_BIN, "steps": len(HEADS), "step_variance": len(HEADS)}
    result = {name: np.empty((len(rows), width[name])) for name in names}
    batches, position = rows["batch"].to_numpy(), rows["row"].to_numpy(dtype=int)
    for batch in sorted(set(batches)):
        where = np.flatnonzero(batches == batch)
        spectra = read_batch(stores[batch], position[where])
        for name, values in zip(names, (*bin_spectra(spectra), *head_steps(spectra)), strict=True):
            result[name][where] = values
    return result
