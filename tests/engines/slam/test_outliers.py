"""Cosmic rays in spectra are left out of the fit, while a spectrum that is another one keeps its chi2."""

import numpy as np
import pytest

from mstars.engines.slam.fit import Fitter
from mstars.engines.slam.outliers import MOST, outlying
from mstars.engines.slam.search import search
from mstars.engines.slam.training import fit_model

LIMIT = 6.0
SETTINGS = {
    "hyper": {"C": (1.0,), "epsilon": (0.05,), "gamma": (0.1, 0.3), "cv": 4, "every": 10},
    "landmarks": 600,
    "model": "svr",
}


@pytest.fixture(scope="module")
def model(sample, scaling):
    found, _ = search(sample, scaling, SETTINGS)
    return fit_model(sample, scaling, found, SETTINGS)


@pytest.fixture
def observed(model, stars):
    draws = np.random.default_rng(4)
    labels = np.column_stack([draws.uniform(3150, 4050, 80), draws.uniform(-0.5, 0.2, 80)])
    flux = model.flux(labels) + 0.02 * draws.normal(size=(80, model.n_pixel))
    return labels, flux.astype(np.float32), np.full(flux.shape, 2500, np.float32)


@pytest.fixture
def box(stars):
    return stars.labels.min(axis=0) - [60, 0.08], stars.labels.max(axis=0) + [60, 0.08]


def test_a_pixel_goes_with_its_neighbours_and_at_the_ends():
    pull = np.zeros((3, 300))
    pull[0, [0, 100]], pull[1, 299], pull[2, 50] = [7, -8], 6.5, 5.9
    found = outlying(pull, LIMIT)
    assert np.flatnonzero(found[0]).tolist() == [0, 1, 99, 100, 101]
    assert np.flatnonzero(found[1]).tolist() == [298, 299] and not found[2].any()


def test_a_spectrum_with_many_keeps_them_all_also_in_a_later_round():
    pull = np.zeros((2, 400))
    pull[0, ::40], pull[1, :3] = 50, 50
    assert (pull[0] > LIMIT).sum() > MOST * 400 and not outlying(pull, LIMIT)[0].any()
    assert outlying(pull, LIMIT, np.array([0, 1]))[1].any() and not outlying(pull, LIMIT, np.array([0, 2]))[1].any()


def test_a_fit_with_a_ray_is_the_fit_without_its_pixels(model, observed, box):
    labels, flux, ivar = observed
    struck, place = flux.copy(), np.random.default_rng(5).integers(0, model.n_pixel, len(flux))
    rows = np.arange(len(flux))
    struck[rows, place] += 40 * 0.02
    hidden = ivar.copy()
    for step in (-1, 0, 1):
        hidden[rows, np.clip(place + step, 0, model.n_pixel - 1)] = 0
    variance = np.full(model.n_pixel, 1e-3)
    fitted = Fitter(model, variance, *box, outliers=LIMIT).fit(struck, ivar)
    oracle = Fitter(model, variance, *box).fit(flux, hidden)
    np.testing.assert_array_equal(fitted.pixels, oracle.pixels)
    np.testing.assert_allclose((fitted.labels - oracle.labels) / oracle.error, 0, atol=0.01)
    np.testing.assert_allclose(fitted.chi2, oracle.chi2, rtol=1e-3)
    kept = Fitter(model, variance, *box).fit(struck, ivar)
    off = [np.abs((one.labels - labels) / one.error).max() for one in (fitted, kept)]
    assert off[0] < 4 < off[1]


def test_spectra_without_rays_are_fitted_as_ever(model, observed, box):
    _, flux, ivar = observed
    variance = np.full(model.n_pixel, 1e-3)
    one, two = (Fitter(model, variance, *box, outliers=limit).fit(flux, ivar) for limit in (LIMIT, None))
    np.testing.assert_array_equal(one.labels, two.labels)
    np.testing.assert_array_equal(one.pixels, two.pixels)


def test_another_spectrum_is_not_cleaned_into_a_good_fit(model, observed, box):
    _, flux, ivar = observed
    flux[:, ::20] += 0.5
    variance = np.full(model.n_pixel, 1e-3)
    one, two = (Fitter(model, variance, *box, outliers=limit).fit(flux, ivar) for limit in (LIMIT, None))
    np.testing.assert_array_equal(one.chi2, two.chi2)
    assert (one.chi2 / one.pixels > 5).all()
