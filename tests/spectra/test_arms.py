"""Which arm has data."""

import numpy as np
import pytest

from mstars.spectra.arms import arms_of, arms_without_data, missing_arms
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import N_PIXEL, lamost_wavelength


def spectra_without(*lost):
    """Spectra of ones, one for each mask of lost pixels, which is lost in every way in turn."""
    n, wavelength = len(lost), lamost_wavelength()
    flux, ivar = np.ones((n, N_PIXEL), np.float32), np.ones((n, N_PIXEL), np.float32)
    ormask = np.zeros((n, N_PIXEL), np.uint8)
    for row, mask in enumerate(lost):
        if row % 3 == 0:
            ivar[row, mask] = 0
        elif row % 3 == 1:
            ormask[row, mask] = 32
        else:
            flux[row, mask] = np.nan
    return SpectrumSet(flux, ivar, ormask, wavelength, np.array([f"k{i}" for i in range(n)]))


W = lamost_wavelength()


@pytest.mark.parametrize(
    "lost, missing",
    [
        (W < 0, ""),
        (W > 5900, "red"),
        (W < 5900, "blue"),
        (W > 0, "blue;red"),
        (W > 6500, "red"),
        (W > 7500, "red"),
        (W > 8300, ""),
        (W < 4400, ""),
        (W < 5000, "blue"),
        ((W > 6500) & (W < 8500), "red"),
        ((W > 6000) & (W < 7000), "red"),
        ((W > 6860) & (W < 6960), ""),
        ((W > 4000) & (W < 5500), "blue"),
        (np.arange(N_PIXEL) % 10 > 0, ""),
    ],
)
def test_an_arm_is_without_data_however_it_is_lost(lost, missing):
    assert list(missing_arms(spectra_without(lost, lost, lost))) == [missing] * 3


def test_rows_are_looked_at_one_by_one():
    spectra = spectra_without(W < 0, W > 5900, W < 5900)
    assert list(arms_without_data(spectra)["red"]) == [False, True, False]
    assert list(arms_without_data(spectra)["blue"]) == [False, False, True]
    assert list(missing_arms(spectra.select(np.zeros(3, bool)))) == []


def test_a_grid_needs_the_arms_that_it_has_pixels_of():
    assert arms_of(np.arange(3900, 8900)) == ("blue", "red") == arms_of(lamost_wavelength())
    assert arms_of(np.arange(6147, 8888)) == ("red",) == arms_of(np.arange(5750, 8888))
    assert arms_of(np.arange(4000, 5800)) == ("blue",)
