"""The batch container of spectra, and what every stage does to them first (Li et al. 2025, section 3.2)."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.resources import resource

C_KMS = 299792.458
"""Speed of light, km/s."""

LOGLAM0 = 3.5682
DLOGLAM = 1e-4
N_PIXEL = 3909
"""The common grid of a store: log10(vacuum angstrom) = LOGLAM0 + DLOGLAM * i, 3699.9 to 9098.1 A."""

CLASSIFIER_GRID = np.arange(3900.0, 8900.0)
"""Step 4a: 3900-8899 A at 1 A, 5000 pixels."""

TEMPLATE_GRID = np.arange(4700.0, 8900.0)
"""Step 4b: 4700-8899 A at 1 A, 4200 pixels."""


def lamost_wavelength() -> np.ndarray:
    """Vacuum wavelengths of the common grid, angstrom, float64 [N_PIXEL]."""
    return 10.0 ** (LOGLAM0 + DLOGLAM * np.arange(N_PIXEL))


@dataclass
class SpectrumSet:
    """n spectra on one wavelength grid.

    Attributes
    ----------
    flux, ivar : ndarray of float32, [n, pixel]
        Flux and inverse variance, in the survey's own relative units.
    ormask : ndarray of uint8, [n, pixel]
        LAMOST's six-bit mask; non-zero: at least one exposure had a problem there.
    wavelength : ndarray of float64, [pixel]
        Vacuum angstrom, heliocentric.
    spectrum_key : ndarray of str, [n]
        ``{lmjd}-{planid}-sp{spid:02d}-{fiberid:03d}``.
    """

    flux: np.ndarray
    ivar: np.ndarray
    ormask: np.ndarray
    wavelength: np.ndarray
    spectrum_key: np.ndarray

    def __post_init__(self):
        shape = (len(self.spectrum_key), len(self.wavelength))
        for name in ("flux", "ivar", "ormask"):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected {shape}")

    def __len__(self) -> int:
        return len(self.spectrum_key)

    @property
    def bad(self) -> np.ndarray:
        """Pixels to leave out (step 1, and pixels without information): bool [n, pixel]."""
        return (self.ormask != 0) | ~(self.ivar > 0) | ~np.isfinite(self.flux)

    def select(self, index) -> SpectrumSet:
        """The spectra at ``index`` (integers, a slice or a boolean mask)."""
        return SpectrumSet(
            self.flux[index], self.ivar[index], self.ormask[index], self.wavelength, self.spectrum_key[index]
        )


def concatenate(sets: Sequence[SpectrumSet]) -> SpectrumSet:
    """One set of several on the same grid."""
    first = sets[0]
    if any(not np.array_equal(part.wavelength, first.wavelength) for part in sets):
        raise ValueError("spectra on different grids")
    return SpectrumSet(
        np.concatenate([part.flux for part in sets]),
        np.concatenate([part.ivar for part in sets]),
        np.concatenate([part.ormask for part in sets]),
        first.wavelength,
        np.concatenate([part.spectrum_key for part in sets]),
    )


def vacuum_to_air(wavelength):
    """Air wavelengths of vacuum ones, angstrom (Ciddor 1996, as used by SDSS; above 2000 A)."""
    wavelength = np.asarray(wavelength, dtype=float)
    return wavelength / _refraction(wavelength)


def air_to_vacuum(wavelength):
    """Vacuum wavelengths of air ones, angstrom; the inverse of `vacuum_to_air` to 1e-9 A."""
    air = np.asarray(wavelength, dtype=float)
    vacuum = air.copy()
    for _ in range(4):
        vacuum = air * _refraction(vacuum)
    return vacuum


def _refraction(vacuum: np.ndarray) -> np.ndarray:
    wavenumber2 = (1e4 / vacuum) ** 2
    return 1.0 + 5.792105e-2 / (238.0185 - wavenumber2) + 1.67917e-3 / (57.362 - wavenumber2)


def rest_wavelength(wavelength, rv):
    """Rest-frame wavelengths (step 2): observed / (1 + v/c), ``rv`` in km/s."""
    return np.asarray(wavelength, dtype=float) / (1.0 + np.asarray(rv) / C_KMS)


def resample_linear(spectra: SpectrumSet, grid: np.ndarray, rv=None) -> tuple[np.ndarray, np.ndarray]:
    """Steps 1 to 4 of section 3.2: bad pixels out, rest frame, linear interpolation, wavelength range.

    Parameters
    ----------
    spectra : SpectrumSet
        n spectra.
    grid : ndarray, [m]
        Ascending vacuum wavelengths of the result, angstrom.
    rv : ndarray, [n], optional
        Radial velocities, km/s; with them the grid is the rest frame's. NaN leaves a spectrum unshifted.

    Returns
    -------
    flux : ndarray of float32, [n, m]
        Interpolated flux; beyond the first or last good pixel its value is held. A spectrum without a good
        pixel is all zeros.
    filled : ndarray of float32, [n]
        Share of the result that lies across masked pixels or outside the data (invented flux).
    """
    from mstars.spectra.loops import resample_rows

    n = len(spectra)
    factor = np.ones(n) if rv is None else 1.0 + np.nan_to_num(np.asarray(rv, dtype=float)) / C_KMS
    out = np.empty((n, len(grid)), np.float32)
    filled = np.empty(n, np.float32)
    resample_rows(spectra.wavelength, spectra.flux, spectra.bad, np.asarray(grid, dtype=float), factor, out, filled)
    return out, filled


def zscore(flux: np.ndarray) -> np.ndarray:
    """Step 5: (x - mean) / standard deviation of each row, float32; a constant row becomes zeros."""
    from mstars.spectra.loops import zscore_rows

    flux = np.ascontiguousarray(flux)
    out = np.empty(flux.shape, np.float32)
    zscore_rows(flux, out)
    return out


def classifier_input(spectra: SpectrumSet, rv=None) -> np.ndarray:
    """What the networks see: steps 1, 3, 4a, 5, and with ``rv`` also 2 (CNN-TLMA). float32 [n, 5000]."""
    return zscore(resample_linear(spectra, CLASSIFIER_GRID, rv)[0])


@functools.cache
def photometric_bands() -> dict[str, tuple[float, float]]:
    """Wavelength limits of the bands u, g, r, i, z (``resources/bands.csv``), angstrom."""
    table = pd.read_csv(resource("bands.csv"), comment="#")
    return {row.band: (row.lower, row.upper) for row in table.itertuples()}


def mask_fraction(spectra: SpectrumSet) -> dict[str, np.ndarray]:
    """Fraction of pixels with a non-zero ormask in each band (Table 9's ``orp_u/g/r/i/z``), 0-1.

    Returns
    -------
    dict of ndarray, [n]
        Keys ``orp_u`` to ``orp_z``. Pixels beyond the end of a spectrum count as unmasked.
    """
    wavelength, result = spectra.wavelength, {}
    for band, (lower, upper) in photometric_bands().items():
        inside = slice(np.searchsorted(wavelength, lower), np.searchsorted(wavelength, upper, side="right"))
        masked = np.count_nonzero(spectra.ormask[:, inside], axis=1)
        result[f"orp_{band}"] = masked / max(1, inside.stop - inside.start)
    return result
