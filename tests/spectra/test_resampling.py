"""Resampling with inverse variance against NumPy and SciPy."""

import numpy as np
import pytest
from made_spectra import masked_spectra
from scipy.interpolate import CubicSpline

from mstars.spectra.container import SpectrumSet, concatenate
from mstars.spectra.grids import Grid
from mstars.spectra.preprocessing import classifier_input
from mstars.spectra.resampling import resample, resample_linear
from mstars.spectra.wavelengths import CLASSIFIER_GRID, lamost_wavelength, rest_wavelength

GRID = Grid.linear(3900, 8899)
RV = np.array([0.0, 150.0, -300.0, np.nan])


@pytest.fixture
def spectra():
    generator = np.random.default_rng(7)
    wavelength = lamost_wavelength()
    flux = (100 + 20 * np.sin(wavelength / 30) + generator.normal(0, 1, (4, wavelength.size))).astype(np.float32)
    ivar = generator.uniform(0.5, 2, flux.shape).astype(np.float32)
    ivar[:, ::97] = 0
    ormask = (generator.random(flux.shape) < 0.03).astype(np.uint8) * 4
    ormask[2, 1000:1040] = 1
    flux[0, 5] = np.nan
    return SpectrumSet(flux, ivar, ormask, wavelength, np.array([f"k{i}" for i in range(4)]))


@pytest.mark.parametrize("rv", [RV, None])
def test_order_one_has_the_flux_of_the_linear_resampling_bit_for_bit(spectra, rv):
    flux, filled = resample_linear(spectra, GRID.wavelength, rv)
    result = resample(spectra, GRID, rv)
    np.testing.assert_array_equal(result.flux, flux)
    np.testing.assert_array_equal(result.filled, filled)


def test_order_three_is_scipys_spline_beside_good_pixels_and_linear_across_bad_ones(spectra):
    result, linear = resample(spectra, GRID, RV, order=3), resample(spectra, GRID, RV)
    for row, rv in enumerate(np.nan_to_num(RV)):
        rest, good = rest_wavelength(spectra.wavelength, rv), ~spectra.bad[row]
        spline = CubicSpline(rest[good], spectra.flux[row, good])(GRID.wavelength)
        right = np.searchsorted(rest, GRID.wavelength)
        beside_good = good[right - 1] & good[right]
        np.testing.assert_allclose(result.flux[row, beside_good], spline[beside_good], rtol=2e-6)
        # linear resampling works in single precision of the flux and double of the weights
        np.testing.assert_allclose(result.flux[row, ~beside_good], linear.flux[row, ~beside_good], rtol=2e-6)
    np.testing.assert_array_equal(result.filled, linear.filled)


def test_a_cubic_is_nearer_to_a_smooth_spectrum_than_a_line(spectra):
    smooth = SpectrumSet(
        np.sin(spectra.wavelength / 8)[None].astype(np.float32),
        np.ones((1, spectra.wavelength.size), np.float32),
        np.zeros((1, spectra.wavelength.size), np.uint8),
        spectra.wavelength,
        spectra.spectrum_key[:1],
    )
    worst = {
        order: np.abs(resample(smooth, GRID, order=order).flux[0] - np.sin(GRID.wavelength / 8)).max()
        for order in (1, 3)
    }
    assert worst[3] < 1e-3 < 5e-3 < worst[1]


def test_the_variance_is_the_neighbours_mean_and_no_information_is_made(spectra):
    result = resample(spectra, GRID, RV).ivar
    for row, rv in enumerate(np.nan_to_num(RV)):
        rest, bad = rest_wavelength(spectra.wavelength, rv), spectra.bad[row]
        with np.errstate(divide="ignore"):
            variance = np.where(bad, np.inf, 1 / spectra.ivar[row].astype(float))
        right = np.searchsorted(rest, GRID.wavelength)
        share = (GRID.wavelength - rest[right - 1]) / (rest[right] - rest[right - 1])
        expected = 1 / ((1 - share) * variance[right - 1] + share * variance[right])
        np.testing.assert_allclose(result[row], expected, rtol=1e-5)
        assert (result[row] <= np.maximum(spectra.ivar[row, right], spectra.ivar[row, right - 1]) * (1 + 1e-6)).all()
    assert (result == 0).any()


def test_on_the_stores_own_pixels_nothing_changes(spectra):
    grid = Grid.log10(500, 3000)
    part = slice(500, 3001)
    for order in (1, 3):
        result = resample(spectra, grid, order=order)
        good = ~spectra.bad[:, part]
        np.testing.assert_allclose(result.flux[good], spectra.flux[:, part][good], rtol=1e-6)
        np.testing.assert_array_equal(result.ivar, np.where(good, spectra.ivar[:, part], 0))


@pytest.mark.parametrize("order", [1, 3])
def test_outside_the_data_the_flux_is_held_and_tells_nothing(spectra, order):
    grid = Grid.linear(3000, 9999)
    result = resample(spectra, grid, order=order)
    outside = (grid.wavelength < spectra.wavelength[0]) | (grid.wavelength > spectra.wavelength[-1])
    assert not result.ivar[:, outside].any()
    good = np.flatnonzero(~spectra.bad[0])
    assert (result.flux[0, 0], result.flux[0, -1]) == tuple(spectra.flux[0, good[[0, -1]]])


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("n_good", [0, 1, 2, 3, 4])
def test_few_good_pixels_are_survived(spectra, order, n_good):
    spectra.ormask[1] = 1
    spectra.ivar[1], spectra.ormask[1, 2000 : 2000 + n_good] = 1, 0
    result = resample(spectra, GRID, order=order)
    assert np.isfinite(result.flux).all() and np.isfinite(result.ivar).all() and result.filled[1] > 0.99
    assert n_good or not (result.flux[1].any() or result.ivar[1].any())


def test_other_orders_are_refused(spectra):
    with pytest.raises(ValueError, match="order is 2"):
        resample(spectra, GRID, order=2)


def test_resampling_equals_numpy_interp():
    spectra = masked_spectra()
    rv = np.array([0.0, 150.0, -300.0, np.nan])
    flux, filled = resample_linear(spectra, CLASSIFIER_GRID, rv)
    for i in range(len(spectra)):
        good = ~spectra.bad[i]
        rest = rest_wavelength(spectra.wavelength[good], np.nan_to_num(rv[i]))
        expected = np.interp(CLASSIFIER_GRID, rest, spectra.flux[i, good])
        np.testing.assert_allclose(flux[i], expected, rtol=1e-5)
    assert np.all((filled > 0) & (filled < 0.3))


def test_a_spectrum_without_a_good_pixel_is_zeros_and_wholly_filled():
    spectra = masked_spectra()
    spectra.ivar[1] = 0
    flux, filled = resample_linear(spectra, CLASSIFIER_GRID)
    assert filled[1] == 1 and not flux[1].any()
    assert np.isfinite(classifier_input(spectra)).all()


def test_step_1_by_the_ormask_alone_keeps_what_has_flux_but_no_weight(spectra):
    spectra.flux[:, 0] = 0.0  # beyond the file's end: neither flux nor weight
    usual = spectra.bad
    assert usual[:, ::97].all() and usual[0, 5]
    spectra.ivar_masks = False
    paper = spectra.bad
    assert paper[:, 0].all() and paper[0, 5] and not (paper & ~usual).any()
    np.testing.assert_array_equal(paper[:, 97::97], spectra.ormask[:, 97::97] != 0)
    np.testing.assert_array_equal(spectra.select(slice(0, 2)).bad, paper[:2])
    np.testing.assert_array_equal(spectra.bad_in(slice(90, 200)), paper[:, 90:200])
    np.testing.assert_array_equal(concatenate([spectra.select([0]), spectra.select([1])]).bad, paper[:2])
