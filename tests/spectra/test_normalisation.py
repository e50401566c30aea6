"""Normalisation."""

import numpy as np
import pytest

from mstars.spectra.normalisation import gaussian_continuum, gaussian_normalised, mean_normalised, zscore


def test_zscore():
    x = zscore(np.array([[1.0, 2, 3], [5, 5, 5]]))
    np.testing.assert_allclose(x[0].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(x[0].std(), 1, atol=1e-6)
    assert not x[1].any()


def test_the_running_mean_is_the_papers_sum():
    draws = np.random.default_rng(1)
    flux, weight = draws.uniform(1, 2, (2, 300)), (draws.random((2, 300)) > 0.2).astype(float)
    place = np.arange(300)
    for row in range(2):
        kernel = np.exp(-((place[:, None] - place) ** 2) / (2 * 12.0**2)) * weight[row]
        expected = kernel @ flux[row] / kernel.sum(axis=1)
        assert gaussian_continuum(flux, weight, 12.0)[row] == pytest.approx(expected, rel=1e-5)
    assert np.isnan(gaussian_continuum(flux, np.zeros(300), 12.0)).all()


def test_flux_without_light_is_one_without_information():
    flux, ivar = gaussian_normalised(np.full((1, 50), -1.0), np.ones((1, 50)), np.ones(50), 5.0)
    assert (flux == 1).all() and (ivar == 0).all()
    flux, ivar = gaussian_normalised(np.full((1, 50), 4.0), np.ones((1, 50)), np.ones(50), 5.0)
    assert flux == pytest.approx(np.ones((1, 50))) and ivar == pytest.approx(np.full((1, 50), 16.0))


def test_flux_has_mean_one_and_its_inverse_variance_follows():
    flux = np.array([[2, 4, 6], [3, 3, 3], [0, 0, 0]], np.float32)
    scaled, ivar = mean_normalised(flux, np.ones_like(flux))
    np.testing.assert_allclose(scaled, [[0.5, 1, 1.5], [0, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(ivar, [[16, 16, 16], [0, 0, 0], [0, 0, 0]])
