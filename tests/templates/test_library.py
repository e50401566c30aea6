"""The library's grid."""

import numpy as np

from mstars.spectra.wavelengths import DLOGLAM, lamost_wavelength
from mstars.templates.library import LIBRARY_GRID


def test_grid_is_lamosts():
    offset = np.log10(LIBRARY_GRID[0] / lamost_wavelength()[0]) / DLOGLAM
    assert abs(offset - round(offset)) < 1e-6
    assert LIBRARY_GRID[0] <= 3500.5 and LIBRARY_GRID[-1] >= 9295
