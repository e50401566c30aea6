"""A file's spectrum on the common grid: copied where its pixels fall on the grid's, else resampled."""

from __future__ import annotations

import numpy as np

from mstars.lamost.cards import UnusableSpectrum
from mstars.lamost.layouts import FileSpectrum
from mstars.lamost.proof import GRID_TOLERANCE, facts_of
from mstars.spectra.wavelengths import DLOGLAM, LOGLAM0, N_PIXEL, lamost_wavelength

_GRID = lamost_wavelength()
_NO_MASK = bytes(8 * N_PIXEL)


def place_on_grid(spectrum: FileSpectrum, flux: np.ndarray, ivar: np.ndarray, ormask: np.ndarray) -> bool:
    """Write a spectrum into rows of the common grid.

    Parameters
    ----------
    spectrum : FileSpectrum
        What a file holds.
    flux, ivar : ndarray of float32, [N_PIXEL]
        Rows of zeros, filled in place; pixels that the file does not cover stay 0.
    ormask : ndarray of uint8, [N_PIXEL]
        Likewise; values above 255 become 255.

    Returns
    -------
    bool
        Whether the spectrum had to be resampled, being off the grid by more than `GRID_TOLERANCE` pixels.

    Raises
    ------
    UnusableSpectrum
        The wavelengths don't overlap with the grid.
    """
    n = len(spectrum.flux)
    offset = _grid_offset(spectrum, n)
    if offset is None:
        _resample(spectrum, flux, ivar, ormask)
        return True
    first, last = max(0, -offset), min(n, N_PIXEL - offset)
    if first >= last:
        raise UnusableSpectrum("wavelengths outside 3700-9098 A")
    here, there = slice(first + offset, last + offset), slice(first, last)
    flux[here] = spectrum.flux[there]
    ivar[here] = spectrum.ivar[there]
    ormask[here] = _mask_bytes(spectrum.ormask[there])
    return False


def _mask_bytes(ormask: np.ndarray) -> np.ndarray:
    if _NO_MASK.startswith(ormask.tobytes()):
        return np.zeros(len(ormask), np.uint8)
    if ormask.dtype.kind == "f":
        # not-a-number in a mask row is a bad pixel
        ormask = np.where(np.isfinite(ormask), np.abs(ormask), 255.0)
        return np.minimum(np.ceil(ormask), 255.0).astype(np.uint8)
    return np.clip(ormask, 0, 255).astype(np.uint8)


def _grid_offset(spectrum: FileSpectrum, n: int) -> int | None:
    """Pixel of the common grid that the first pixel falls on; None for a spectrum off the grid."""
    if spectrum.wavelength is None:
        position = (spectrum.loglam0 - LOGLAM0) / DLOGLAM
        drift = (spectrum.dloglam / DLOGLAM - 1.0) * n
        near = abs(position - round(position)) + abs(drift) < GRID_TOLERANCE
        return round(position) if near else None
    return facts_of(spectrum.wavelength).offset


def _resample(spectrum: FileSpectrum, flux: np.ndarray, ivar: np.ndarray, ormask: np.ndarray) -> None:
    """Linear interpolation onto the grid; the variance goes along, and a bad neighbour makes a bad pixel."""
    wavelength = spectrum.wavelength
    if wavelength is None:
        wavelength = 10.0 ** (spectrum.loglam0 + spectrum.dloglam * np.arange(len(spectrum.flux)))
    wavelength = np.asarray(wavelength, dtype=np.float64)
    inside = (wavelength[0] <= _GRID) & (wavelength[-1] >= _GRID)
    if not inside.any():
        raise UnusableSpectrum("wavelengths outside 3700-9098 A")
    right = np.clip(np.searchsorted(wavelength, _GRID[inside]), 1, len(wavelength) - 1)
    left = right - 1
    weight = (_GRID[inside] - wavelength[left]) / (wavelength[right] - wavelength[left])
    with np.errstate(invalid="ignore"):  # a damaged file may hold any bits
        source_flux = np.asarray(spectrum.flux, dtype=np.float64)
        source_ivar = np.asarray(spectrum.ivar, dtype=np.float64)
    source_mask = _mask_bytes(np.asarray(spectrum.ormask))
    usable = np.isfinite(source_flux) & np.isfinite(source_ivar) & (source_ivar > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (1 - weight) ** 2 / source_ivar[left] + weight**2 / source_ivar[right]
        value = (1 - weight) * source_flux[left] + weight * source_flux[right]
        good = usable[left] & usable[right] & (variance > 0)
        flux[inside] = np.where(np.isfinite(value), value, 0.0)
        ivar[inside] = np.where(good, 1.0 / np.where(good, variance, 1.0), 0.0)
    ormask[inside] = source_mask[left] | source_mask[right]
