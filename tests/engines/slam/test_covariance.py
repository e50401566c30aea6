"""Residuals that pixels share: modes, correlated noise, the floor of the labels, and fits that allow for them."""

import numpy as np
import pytest

from mstars.core.robust import mad_std
from mstars.engines.slam.covariance import Covariance, label_floor, noise_correlation, residual_covariance
from mstars.engines.slam.fit import Fitter
from mstars.engines.slam.search import search
from mstars.engines.slam.training import fit_model

KERNEL = np.array([0.15, 1.0, 0.15])


@pytest.fixture(scope="module")
def model(sample, scaling):
    hyper = {"C": (1.0,), "epsilon": (0.05,), "gamma": (0.1,), "cv": 4, "every": 10}
    settings = {"hyper": hyper, "landmarks": 600, "model": "svr"}
    found, _ = search(sample, scaling, settings)
    return fit_model(sample, scaling, found, settings)


def correlated(draws, shape):
    """Noise of variance 1 whose neighbours share, and its correlation."""
    white = draws.normal(size=(shape[0], shape[1] + 2))
    mixed = sum(weight * white[:, lag : lag + shape[1]] for lag, weight in enumerate(KERNEL))
    size = np.square(KERNEL).sum()
    return mixed / np.sqrt(size), np.array([2 * KERNEL[0] * KERNEL[1], KERNEL[0] ** 2]) / size


def made(pixels=150, n=1500, seed=0):
    """Residuals of three modes, a variance and noise: scaled, with the noise's variance."""
    draws = np.random.default_rng(seed)
    modes = np.cumsum(draws.normal(0, 0.06, (pixels, 3)), axis=0).astype(np.float32)
    noise = (0.05 * np.exp(draws.normal(0, 1.2, (n, 1)))).astype(np.float32) * np.ones((1, pixels), np.float32)
    residual = draws.normal(size=(n, 3)) @ modes.T + draws.normal(0, 0.1, (n, pixels))
    residual += np.sqrt(noise) * draws.normal(size=(n, pixels))
    used = draws.random((n, pixels)) > 0.05
    return residual.astype(np.float32), noise, used, modes


def test_modes_and_variance_are_recovered():
    residual, noise, used, modes = made()
    found = residual_covariance(residual, noise, used, np.full(150, 0.05), 3)
    true, ours = modes @ modes.T, found.modes @ found.modes.T
    assert np.linalg.norm(ours - true) < 0.1 * np.linalg.norm(true)
    assert found.variance == pytest.approx(np.full(150, 0.01), rel=0.5) and np.median(found.variance) < 0.0115


def test_few_stars_have_few_modes():
    residual, noise, used, _ = made(n=45)
    assert residual_covariance(residual, noise, used, np.full(150, 0.05), 8).modes.shape == (150, 2)
    alone = residual_covariance(residual[:12], noise[:12], used[:12], np.full(150, 0.05), 8)
    assert alone.modes.shape == (150, 0) and (alone.variance == 0.05).all()


def test_correlation_of_the_noise_is_recovered():
    draws = np.random.default_rng(2)
    noise, expected = correlated(draws, (400, 300))
    variance = np.full((400, 300), 4.0, np.float32)
    found = noise_correlation((2 * noise).astype(np.float32), variance, np.full(300, 0.1), 3)
    np.testing.assert_allclose(found, [*expected, 0], atol=0.01)
    assert (noise_correlation(noise.astype(np.float32), 0.01 * variance, np.full(300, 1.0)) == 0).all()


def test_the_floor_makes_the_pulls_one():
    draws = np.random.default_rng(3)
    error = np.exp(draws.normal(np.log([10.0, 0.02]), 0.5, (4000, 2)))
    off = draws.normal(0, np.hypot(error, [25.0, 0.0]))
    floor = label_floor(off, error)
    assert floor[0] == pytest.approx(25, rel=0.1) and floor[1] < 0.006
    assert mad_std(off[:, 0] / np.hypot(error[:, 0], floor[0])) == pytest.approx(1, abs=0.01)
    assert (label_floor(off[:2], error[:2]) >= 0).all() and (label_floor(np.full((9, 2), np.nan), error[:9]) == 0).all()


@pytest.mark.parametrize("known", [True, False], ids=["known", "taken for independent"])
def test_errors_are_right_where_pixels_share_what_they_have(model, stars, known):
    """Formal errors hold with shared modes and correlated noise; without these they are far too small."""
    draws, n, pixels = np.random.default_rng(6), 500, model.n_pixel
    labels = np.column_stack([draws.uniform(3150, 4050, n), draws.uniform(-0.5, 0.2, n)])
    modes = np.cumsum(draws.normal(0, 0.05, (pixels, 4)), axis=0).astype(np.float32)
    for mode, step in enumerate([[0.3, 0.0], [0.0, 0.3]]):  # two look like a label in half of the pixels
        slope = model.scaled(np.array([step]))[0] - model.scaled(np.zeros((1, 2)))[0]
        modes[:, mode] += np.where(draws.random(pixels) < 0.5, slope, 0)
    scale, sigma = model.scaling.flux_scale, 1 / 60.0
    noise, correlation = correlated(draws, (n, pixels))
    scatter = draws.normal(size=(n, 4)) @ modes.T + draws.normal(0, 0.1, (n, pixels))
    flux = (model.flux(labels) + scale * scatter + sigma * noise).astype(np.float32)
    ivar = np.full(flux.shape, 1 / sigma**2, np.float32)
    if known:
        covariance = Covariance(np.full(pixels, 0.01), modes, correlation, np.zeros(2))
    else:
        covariance = Covariance.of_pixels(0.01 + np.square(modes).sum(axis=1))
    box = stars.labels.min(axis=0) - [60, 0.08], stars.labels.max(axis=0) + [60, 0.08]
    fitted = Fitter(model, covariance, *box).fit(flux, ivar)
    pull = (fitted.labels - labels) / fitted.error
    if known:
        assert np.all((pull.std(axis=0) > 0.9) & (pull.std(axis=0) < 1.1)) and np.abs(pull.mean(axis=0)).max() < 0.2
        assert np.median(fitted.chi2 / (fitted.pixels - 2)) == pytest.approx(1, abs=0.05)
    else:
        assert (pull.std(axis=0) > 1.25).all()


def test_a_fit_with_modes_is_one_with_the_whole_covariance(model, stars):
    """Oracle: generalised least squares with the inverse of the full matrix, by Newton's steps."""
    draws, pixels = np.random.default_rng(7), model.n_pixel
    labels = np.array([[3500.0, -0.1], [3800.0, 0.1]])
    modes = draws.normal(0, 0.2, (pixels, 3)).astype(np.float32)
    covariance = Covariance(np.linspace(0.01, 0.04, pixels), modes, np.zeros(0), np.array([3.0, 0.01]))
    sigma = np.full((2, pixels), 0.02)
    flux = (model.flux(labels) + sigma * draws.normal(size=sigma.shape)).astype(np.float32)
    ivar = (1 / sigma**2).astype(np.float32)
    ivar[:, ::9] = 0
    box = stars.labels.min(axis=0), stars.labels.max(axis=0)
    fitted = Fitter(model, covariance, *box).fit(flux, ivar)
    scaling = model.scaling
    for row in range(2):
        good = ivar[row] > 0
        full = np.diag(covariance.variance + sigma[row] ** 2 / scaling.flux_scale**2) + modes @ modes.T
        inverse = np.linalg.inv(full[np.ix_(good, good)].astype(float))
        y, theta = scaling.fluxes(flux)[row, good], scaling.labels(fitted.labels[row])
        steps = 1e-4 * np.eye(2)
        slope = np.array(
            [(model.scaled((theta + s)[None]) - model.scaled((theta - s)[None]))[0, good] / 2e-4 for s in steps]
        )
        off = y - model.scaled(theta[None])[0, good]
        hessian = slope @ inverse @ slope.T
        error = np.sqrt(np.diag(np.linalg.inv(hessian)))
        assert np.abs(np.linalg.solve(hessian, slope @ inverse @ off) / error).max() < 0.01
        assert fitted.chi2[row] == pytest.approx(off @ inverse @ off, rel=1e-3)
        expected = np.hypot(error * scaling.label_scale, covariance.floor)
        np.testing.assert_allclose(fitted.error[row], expected, rtol=1e-2)
