"""Which arm has data."""

import numpy as np

from mstars.spectra.arms import arms_of, arms_without_data, missing_arms
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import N_PIXEL, lamost_wavelength


def test_an_arm_is_without_data_however_it_is_lost():
    wavelength = lamost_wavelength()
    red, n = wavelength > 5900, 7
    flux, ivar = np.ones((n, N_PIXEL), np.float32), np.ones((n, N_PIXEL), np.float32)
    ormask = np.zeros((n, N_PIXEL), np.uint8)
    ivar[1, red] = 0
    ormask[2, red] = 32
    ivar[3, ~red] = 0
    flux[4, ~red] = np.nan
    ivar[5] = 0
    ivar[6, red] = 0
    ivar[6, np.flatnonzero(red)[:150]] = 1  # 8 % are left
    spectra = SpectrumSet(flux, ivar, ormask, wavelength, np.array([f"k{i}" for i in range(n)]))
    assert list(missing_arms(spectra)) == ["", "red", "red", "blue", "blue", "blue;red", ""]
    assert list(arms_without_data(spectra)["red"]) == [False, True, True, False, False, True, False]
    assert list(missing_arms(spectra.select(np.zeros(n, bool)))) == []


def test_a_grid_needs_the_arms_that_it_has_pixels_of():
    assert arms_of(np.arange(3900, 8900)) == ("blue", "red") == arms_of(lamost_wavelength())
    assert arms_of(np.arange(6147, 8888)) == ("red",) == arms_of(np.arange(5750, 8888))
    assert arms_of(np.arange(4000, 5800)) == ("blue",)
