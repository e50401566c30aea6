"""Spectra on another grid (Li et al. 2025, section 3.2, steps 1 to 4)."""

from __future__ import annotations

import numpy as np

from mstars.core.constants import C_KMS
from mstars.spectra.container import SpectrumSet


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
