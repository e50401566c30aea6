"""S/N of each band from the pixels, for spectra whose header or catalogue row tells none."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd

from mstars.core.bands import photometric_bands
from mstars.core.missing import without_missing
from mstars.core.snr import SNR
from mstars.spectra.wavelengths import lamost_wavelength

_LARGEST = 1e5
_CONTRADICTED_FROM = 3.0  # an S/N of 0 or less is believed where the pixels tell less than this


def is_unknown(values) -> np.ndarray:
    """Where an S/N is missing: NaN, LAMOST's -9999, or a number that no S/N is."""
    values = without_missing(np.asarray(values, dtype=float))
    return np.isnan(values) | (values > _LARGEST)


def lacks_snr(table: pd.DataFrame) -> np.ndarray:
    """Rows whose S/N must be looked up in the pixels, one is missing or that of i is not positive: bool [n]."""
    values = table[list(SNR)].to_numpy(dtype=float)
    return is_unknown(values).any(axis=1) | (table["snri"].to_numpy(dtype=float) <= 0)


@functools.cache
def _band_pixels() -> dict[str, slice]:
    wavelength = lamost_wavelength()
    return {
        f"snr{band}": slice(*np.searchsorted(wavelength, (lower, upper)))
        for band, (lower, upper) in photometric_bands().items()
    }


def snr_of_pixels(flux: np.ndarray, ivar: np.ndarray) -> dict[str, float]:
    """Median S/N of the pixels in each band, NaN without a pixel.

    Parameters
    ----------
    flux, ivar : ndarray, [pixel]
        On the common grid.

    Returns
    -------
    dict of str to float
        By the names of `mstars.core.snr.SNR`. On real files the median of LAMOST's own i is met within 1 %.
    """
    found = {}
    for name, pixels in _band_pixels().items():
        known = ivar[pixels] > 0
        ratio = flux[pixels][known].astype(float) * np.sqrt(ivar[pixels][known].astype(float))
        found[name] = float(np.median(ratio)) if known.any() else np.nan
    return found


def is_doubtful(told) -> np.ndarray:
    """Spectra of which the header tells no S/N of a band, or one that is not positive: bool [n] of values [n, band]."""
    return _doubts(np.asarray(told, dtype=float).reshape(-1, len(SNR))).any(axis=1)


def _doubts(told: np.ndarray) -> np.ndarray:
    """Whether each S/N is unknown or not positive."""
    return is_unknown(told) | (told <= 0)


def fill_snr(values: dict, flux: np.ndarray, ivar: np.ndarray) -> str:
    """Put the pixels' S/N into header values, in place, where it is missing, or not positive and the pixels contradict.

    Returns
    -------
    str
        The letters of the bands that were filled, '' for none.
    """
    told = np.array([values[name] for name in SNR], dtype=float)
    doubts = _doubts(told)
    if not doubts.any():
        return ""
    pixels, filled = snr_of_pixels(flux, ivar), ""
    for name, value, doubt in zip(SNR, told, doubts, strict=True):
        seen = pixels[name]
        if doubt and np.isfinite(seen) and (is_unknown(value) or seen >= _CONTRADICTED_FROM):
            values[name] = seen
            filled += name[-1]
    return filled
