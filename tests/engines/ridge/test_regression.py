"""Ridge regression on principal components against its definition, and the engine's formal errors against noise."""

import numpy as np
import pytest
from made_engines import INTERPOLATED

from mstars.engines.ridge.regression import fit_ridge


def spectra(n=300, pixels=120, seed=2, noise=0.02):
    """Fluxes that are linear in four labels."""
    draws = np.random.default_rng(seed)
    scaled = draws.uniform(-1.5, 1.5, (n, 4))
    flux = 1 + scaled @ draws.normal(0, 0.2, (4, pixels)) + draws.normal(0, noise, (n, pixels))
    return flux.astype(np.float32), scaled * [250, 0.2, 0.25, 0.07] + [3600, 4.8, -0.1, 0.05]


def test_it_is_the_same_from_either_gram_matrix():
    x, y = spectra()
    wide = np.concatenate([x, np.zeros((300, 400), np.float32)], axis=1)
    narrow = fit_ridge(x[:200], y[:200], components=(40,))
    other = fit_ridge(wide[:200], y[:200], components=(40,))
    expected = narrow.predict(narrow.scores(x[200:]))
    np.testing.assert_allclose(other.predict(other.scores(wide[200:])), expected, rtol=1e-3, atol=1e-3)


def test_with_all_components_it_is_the_textbooks_ridge():
    x, y = spectra(n=80, pixels=30)
    found = fit_ridge(x, y, components=(30,))
    centred, target = x.astype(float) - x.mean(axis=0), y - y.mean(axis=0)
    for label, tried in enumerate(found.tried):
        weight = np.linalg.solve(centred.T @ centred + tried["penalty"] * np.eye(30), centred.T @ target[:, label])
        expected = centred @ weight + y[:, label].mean()
        np.testing.assert_allclose(found.predict(found.scores(x))[:, label], expected, rtol=1e-4, atol=1e-4)


def test_slopes_are_the_derivatives_of_the_prediction():
    x, y = spectra()
    ridge, step = fit_ridge(x, y), np.zeros_like(x[:1])
    step[0, 17] = 0.5
    change = ridge.predict(ridge.scores(x[:1] + step)) - ridge.predict(ridge.scores(x[:1]))
    np.testing.assert_allclose(change[0] / 0.5, ridge.slopes()[17], rtol=1e-3, atol=1e-4 * np.abs(ridge.slopes()).max())


@pytest.fixture
def ridge(trained_engine):
    return trained_engine("ridge")


def test_the_formal_error_is_the_scatter_that_noise_makes(ridge):
    """Noise is added to the engine's own inputs: the scatter of the labels must be the error, to sampling."""
    x, model, draws = ridge.x.take(slice(20, 21)), ridge.load(), np.random.default_rng(4)
    error = ridge.engine.predict(model, x, ridge.training[20:21]).error[0]
    noise = draws.normal(size=(400, x.flux.shape[1])) / np.sqrt(np.asarray(x.ivar))
    noisy = type(x)((x.flux + noise).astype(np.float32), np.repeat(x.ivar, 400, axis=0), np.repeat(x.filled, 400))
    found = ridge.engine.predict(model, noisy, ridge.training.iloc[[20] * 400])
    np.testing.assert_allclose(found.values.std(axis=0), error, rtol=0.15)  # 1 / sqrt(2 * 400) = 0.035


def test_chi2_is_one_for_spectra_like_the_training_set(ridge):
    found = ridge.engine.predict(ridge.load(), ridge.x, ridge.training)
    # interpolation between two pixels takes off noise and keeps the variance: a third of it on average
    assert 0.5 < np.nanmedian(found.chi2) < 1.0


def test_a_masked_spectrum_has_larger_errors(ridge):
    rows = ridge.training["row"].to_numpy()
    found = ridge.engine.predict(ridge.load(), ridge.x, ridge.training)
    usual = found.error[rows > 10]
    assert (found.error[rows == INTERPOLATED] > 1.2 * np.median(usual, axis=0)).any()
