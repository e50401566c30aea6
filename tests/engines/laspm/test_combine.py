"""Weights that are not negative and sum to one, against SciPy's NNLS and against weights that are known."""

import numpy as np
import pytest
from made_library import make_library
from scipy.optimize import minimize, nnls

from mstars.engines.laspm.combine import combine_rows, simplex_weights
from mstars.engines.laspm.kernels import pair_moments
from mstars.engines.laspm.library import coordinate


def by_nnls(design, target):
    """NNLS with the sum as a row of great weight."""
    heavy = 1e5 * np.abs(design).max()
    return nnls(np.vstack([design, np.full(design.shape[1], heavy)]), np.append(target, heavy))[0]


@pytest.mark.parametrize("seed", range(40))
def test_weights_are_those_of_nnls(seed):
    draws = np.random.default_rng(seed)
    design = draws.normal(1, 0.3, (60, 5))
    target = design @ draws.dirichlet(np.ones(5)) + draws.normal(0, 0.3, 60)
    found = np.empty(5)
    simplex_weights(design.T @ design, design.T @ target, 5, found)
    np.testing.assert_allclose(found, by_nnls(design, target), atol=2e-6)
    assert (found >= 0).all() and found.sum() == pytest.approx(1, abs=1e-12)


def combined(library, flux, ivar, best, start=None):
    count = best.shape[1]
    sizes = (1, count, 3), (1, count, count, 5)
    products, moments, power = np.empty(sizes[0]), np.empty(sizes[1]), np.empty(1)
    pair_moments(flux, ivar, coordinate(flux.shape[1]), 2, library.flux, best, products, moments, power)
    weights, chi2 = np.full((1, count), 1 / count) if start is None else start, np.empty(1)
    combine_rows(products, moments, power, np.array([count]), weights, chi2)
    return weights[0], chi2[0]


def shaped(clean):
    x = coordinate(clean.shape[-1])
    return (clean * (1.3 + 0.4 * x - 0.2 * x**2)).astype(np.float32)[None]


def test_a_target_made_of_three_library_spectra_has_their_weights():
    library = make_library(50)
    best, truth = np.array([[3, 8, 11, 20, 33]]), np.array([0.5, 0.0, 0.3, 0.0, 0.2])
    flux = shaped(truth @ library.flux[best[0]].astype(float))
    ivar = np.full(flux.shape, 1e4, np.float32)
    ivar[:, 200:400] = 0
    weights, chi2 = combined(library, flux, ivar, best)
    np.testing.assert_allclose(weights, truth, atol=1e-5)
    assert chi2 < 1e-3


def test_the_combination_is_the_best_that_a_general_minimiser_finds():
    library, draws = make_library(30), np.random.default_rng(4)
    best = np.array([[1, 2, 3, 4, 5]])
    flux = shaped(library.flux[7].astype(float) * 0.6 + library.flux[3] * 0.4)
    flux = (flux + draws.normal(0, 0.02, flux.shape)).astype(np.float32)
    ivar = np.full(flux.shape, 2500, np.float32)
    weights, chi2 = combined(library, flux, ivar, best)
    x, templates = coordinate(flux.shape[1]), library.flux[best[0]].astype(float)

    def cost(guess):
        design = np.vander(x, 3) * (guess @ templates)[:, None]
        rest = flux[0] - design @ np.linalg.lstsq(design, flux[0].astype(float), rcond=None)[0]
        return 2500 * np.sum(rest**2)

    sums = {"type": "eq", "fun": lambda guess: guess.sum() - 1}
    plain = minimize(cost, np.full(5, 0.2), method="SLSQP", bounds=[(0, 1)] * 5, constraints=sums, tol=1e-12)
    assert chi2 == pytest.approx(cost(weights), rel=1e-6) and chi2 <= plain.fun * (1 + 1e-6)
    np.testing.assert_allclose(weights, plain.x, atol=2e-3)


def test_one_library_spectrum_has_all_the_weight():
    library = make_library(10)
    flux = shaped(library.flux[2].astype(float))
    weights, chi2 = combined(library, flux, np.full(flux.shape, 1e4, np.float32), np.array([[2]]))
    assert weights.tolist() == [1.0] and chi2 < 1e-3
