"""Wavelength grids, air and vacuum, and the rest frame (Li et al. 2025, section 3.2, steps 2 and 4)."""

from __future__ import annotations

import numpy as np

from mstars.core.constants import C_KMS, CLASSIFIER_PIXELS

LOGLAM0 = 3.5682

DLOGLAM = 1e-4

N_PIXEL = 3909
"""The common grid of a store: log10(vacuum angstrom) = LOGLAM0 + DLOGLAM * i, 3699.9 to 9098.1 A."""

CLASSIFIER_GRID = 3900.0 + np.arange(CLASSIFIER_PIXELS)
"""Step 4a: 3900-8899 A at 1 A, 5000 pixels."""

TEMPLATE_GRID = np.arange(4700.0, 8900.0)
"""Step 4b: 4700-8899 A at 1 A, 4200 pixels."""


def lamost_wavelength() -> np.ndarray:
    """Wavelengths of the common grid.

    Returns
    -------
    ndarray of float64, [N_PIXEL]
        Vacuum angstrom.
    """
    return 10.0 ** (LOGLAM0 + DLOGLAM * np.arange(N_PIXEL))


def vacuum_to_air(wavelength):
    """Air wavelengths of vacuum ones (Ciddor 1996, as used by SDSS; above 2000 A).

    Parameters
    ----------
    wavelength : float or ndarray
        Angstrom.

    Returns
    -------
    float or ndarray
        Angstrom.
    """
    wavelength = np.asarray(wavelength, dtype=float)
    return wavelength / _refraction(wavelength)


def air_to_vacuum(wavelength):
    """Vacuum wavelengths of air ones: the inverse of `vacuum_to_air` to 1e-9 A.

    Parameters
    ----------
    wavelength : float or ndarray
        Angstrom.

    Returns
    -------
    float or ndarray
        Angstrom.
    """
    air = np.asarray(wavelength, dtype=float)
    vacuum = air.copy()
    for _ in range(4):
        vacuum = air * _refraction(vacuum)
    return vacuum


def _refraction(vacuum: np.ndarray) -> np.ndarray:
    wavenumber2 = (1e4 / vacuum) ** 2
    return 1.0 + 5.792105e-2 / (238.0185 - wavenumber2) + 1.67917e-3 / (57.362 - wavenumber2)


def rest_wavelength(wavelength, rv):
    """Rest-frame wavelengths (step 2 of section 3.2): observed / (1 + v/c).

    Parameters
    ----------
    wavelength : float or ndarray
        Angstrom.
    rv : float or ndarray
        km/s.

    Returns
    -------
    float or ndarray
        Angstrom.
    """
    return np.asarray(wavelength, dtype=float) / (1.0 + np.asarray(rv) / C_KMS)
