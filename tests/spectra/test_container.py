import numpy as np
import pytest

from mstars.spectra.container import SpectrumSet
from mstars.spectra.normalisation import zscore
from mstars.spectra.ormask import mask_fraction
from mstars.spectra.preprocessing import classifier_input
from mstars.spectra.resampling import resample_linear
from mstars.spectra.wavelengths import CLASSIFIER_GRID, air_to_vacuum, lamost_wavelength, rest_wavelength, vacuum_to_air


def make(n=4, seed=0):
    generator = np.random.default_rng(seed)
    wavelength = lamost_wavelength()
    flux = (100 + 20 * np.sin(wavelength / 50) + generator.normal(0, 1, (n, wavelength.size))).astype(np.float32)
    ormask = (generator.random(flux.shape) < 0.05).astype(np.uint8) * 4
    ivar = np.ones_like(flux)
    ivar[:, ::97] = 0
    flux[0, 5] = np.nan
    return SpectrumSet(flux, ivar, ormask, wavelength, np.array([f"k{i}" for i in range(n)]))


def test_air_and_vacuum_agree_with_known_lines():
    # H-alpha: 6562.80 in air, 6564.61 in vacuum
    assert air_to_vacuum(6562.80) == pytest.approx(6564.61, abs=0.01)
    grid = np.linspace(3600, 10000, 500)
    np.testing.assert_allclose(vacuum_to_air(air_to_vacuum(grid)), grid, atol=1e-8)


def test_resampling_equals_numpy_interp():
    spectra = make()
    rv = np.array([0.0, 150.0, -300.0, np.nan])
    flux, filled = resample_linear(spectra, CLASSIFIER_GRID, rv)
    for i in range(len(spectra)):
        good = ~spectra.bad[i]
        rest = rest_wavelength(spectra.wavelength[good], np.nan_to_num(rv[i]))
        expected = np.interp(CLASSIFIER_GRID, rest, spectra.flux[i, good])
        np.testing.assert_allclose(flux[i], expected, rtol=1e-5)
    assert np.all((filled > 0) & (filled < 0.3))


def test_a_spectrum_without_a_good_pixel_is_zeros_and_wholly_filled():
    spectra = make()
    spectra.ivar[1] = 0
    flux, filled = resample_linear(spectra, CLASSIFIER_GRID)
    assert filled[1] == 1 and not flux[1].any()
    assert np.isfinite(classifier_input(spectra)).all()


def test_zscore():
    x = zscore(np.array([[1.0, 2, 3], [5, 5, 5]]))
    np.testing.assert_allclose(x[0].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(x[0].std(), 1, atol=1e-6)
    assert not x[1].any()


def test_rest_frame_is_a_division():
    # the (1 - z) shortcut would be 0.02 A off here
    assert rest_wavelength(8544.44, 300.0) == pytest.approx(8544.44 / (1 + 300 / 299792.458), abs=1e-9)


def test_mask_fraction_counts_ormask_alone():
    spectra = make(2)
    spectra.ormask[:] = 0
    spectra.ormask[1, 100:] = 1
    share = mask_fraction(spectra)
    assert share["orp_i"].tolist() == [0.0, 1.0]
