"""The batched fit against scipy's, from many starts; truth; errors."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from mstars.engines.slam.fit import LEAST_PIXELS, Fitter
from mstars.engines.slam.search import search
from mstars.engines.slam.training import fit_model


@pytest.fixture(scope="module")
def model(sample, scaling, settings):
    found, _ = search(sample, scaling, settings)
    return fit_model(sample, scaling, found, settings)


@pytest.fixture(scope="module")
def settings():
    return {
        "hyper": {"C": (1.0,), "epsilon": (0.05,), "gamma": (0.1, 0.3), "cv": 4, "every": 10},
        "landmarks": 600,
        "model": "svr",
    }


@pytest.fixture
def box(stars):
    return stars.labels.min(axis=0) - [60, 0.08], stars.labels.max(axis=0) + [60, 0.08]


def observed(model, labels, snr, seed=0, variance=0.0):
    draws = np.random.default_rng(seed)
    flux = model.flux(labels)
    sigma = np.full(flux.shape, 1 / snr)
    scatter = np.sqrt(variance) * model.scaling.flux_scale
    flux = flux + sigma * draws.normal(size=flux.shape) + scatter * draws.normal(size=flux.shape)
    return flux.astype(np.float32), (1 / sigma**2).astype(np.float32)


def inside(stars, n=60, seed=1):
    draws = np.random.default_rng(seed)
    return np.column_stack([draws.uniform(3150, 4050, n), draws.uniform(-0.5, 0.2, n)])


def test_noise_free_spectra_return_their_labels(model, stars, box):
    labels = inside(stars, 200)
    flux, ivar = observed(model, labels, 1e4)
    fitted = Fitter(model, np.full(model.n_pixel, 1e-4), *box).fit(model.flux(labels).astype(np.float32), ivar)
    assert fitted.converged.all() and not fitted.at_boundary.any()
    assert np.abs(fitted.labels - labels)[:, 0].max() < 1.0 and np.abs(fitted.labels - labels)[:, 1].max() < 0.002
    assert flux.shape == ivar.shape


@pytest.mark.parametrize("soft", [False, True])
def test_it_reaches_the_minimum_that_scipy_finds_from_fifty_starts(model, stars, box, soft):
    labels, draws = inside(stars, 6), np.random.default_rng(8)
    flux, ivar = observed(model, labels, 30.0)
    ivar[:, ::7] = 0
    variance = np.linspace(0.01, 0.05, model.n_pixel)
    fitted = Fitter(model, variance, *box, soft=soft).fit(flux, ivar)
    scaling, scaled_box = model.scaling, [model.scaling.labels(one) for one in box]
    for row in range(len(labels)):
        good = ivar[row] > 0
        weight = 1 / np.sqrt(1 / (ivar[row, good] * scaling.flux_scale[good] ** 2) + variance[good])
        y = (flux[row, good] - scaling.flux_mean[good]) / scaling.flux_scale[good]

        def residual(theta, y=y, good=good, weight=weight):
            return weight * (y - model.scaled(theta[None])[0, good])

        best = min(
            (
                least_squares(residual, start, bounds=scaled_box, loss="soft_l1" if soft else "linear", xtol=1e-10)
                for start in draws.uniform(*scaled_box, (50, 2))
            ),
            key=lambda one: one.cost,
        )
        assert fitted.chi2[row] <= 2 * best.cost * (1 + 1e-5)
        off = (fitted.labels[row] - best.x * scaling.label_scale - scaling.label_mean) / fitted.error[row]
        assert np.abs(off).max() < 0.02


def test_formal_errors_are_right(model, stars, box):
    labels, variance = inside(stars, 400), np.full(model.n_pixel, 0.02)
    flux, ivar = observed(model, labels, 40.0, variance=0.02)
    fitted = Fitter(model, variance, *box).fit(flux, ivar)
    pull = (fitted.labels - labels) / fitted.error
    assert np.all((pull.std(axis=0) > 0.9) & (pull.std(axis=0) < 1.1)) and np.abs(pull.mean(axis=0)).max() < 0.2
    assert np.median(fitted.chi2 / (fitted.pixels - 2)) == pytest.approx(1, abs=0.05)


def test_labels_outside_the_box_end_at_its_edge_and_say_so(model, stars, box):
    labels = np.array([[3050.0, 0.0], [3600.0, 0.0]])
    flux, ivar = observed(model, labels, 200.0)
    fitted = Fitter(model, np.full(model.n_pixel, 1e-3), [3400.0, -0.5], [4000.0, 0.3]).fit(flux, ivar)
    assert fitted.at_boundary.tolist() == [True, False] and fitted.labels[0, 0] == pytest.approx(3400.0, abs=0.5)
    assert fitted.converged.all()


def test_too_few_pixels_give_no_labels(model, stars, box):
    flux, ivar = observed(model, inside(stars, 3), 50.0)
    ivar[0] = 0
    ivar[1, : model.n_pixel - LEAST_PIXELS + 1] = 0
    fitted = Fitter(model, np.full(model.n_pixel, 1e-3), *box).fit(flux, ivar)
    assert np.isnan(fitted.labels[:2]).all() and np.isfinite(fitted.labels[2]).all()
    assert np.isnan(fitted.error[:2]).all() and np.isnan(fitted.chi2[:2]).all()


def test_astroslam_leaves_noisy_pixels_and_those_without_a_model_out(model, stars, box):
    flux, ivar = observed(model, inside(stars, 3), 50.0)
    noisy = ivar.copy()
    noisy[:, ::4] = 0.5 / model.scaling.flux_scale[::4] ** 2
    without = np.where(noisy * model.scaling.flux_scale**2 <= 1, 0, ivar)
    assert (without[:, ::4] == 0).all()
    variance = np.full(model.n_pixel, 1e-3)
    variance[1::40] = 1.01
    without[:, 1::40] = 0
    one = Fitter(model, variance, *box, drop_noisy=True).fit(flux, noisy)
    two = Fitter(model, variance, *box).fit(flux, without)
    assert (one.pixels == (without > 0).sum(axis=1)).all()
    np.testing.assert_allclose(one.labels, two.labels, rtol=1e-5, atol=1e-3)


def test_a_start_of_one_s_own(model, stars, box):
    labels = inside(stars, 5)
    flux, ivar = observed(model, labels, 100.0)
    fitter = Fitter(model, np.full(model.n_pixel, 1e-3), *box)
    far = np.full_like(labels, 0) + [3300.0, -0.3]
    one, two = fitter.fit(flux, ivar), fitter.fit(flux, ivar, far)
    assert np.abs((one.labels - two.labels) / one.error).max() < 0.01
