"""chi2 of the compiled loops against plain least squares."""

import numpy as np
import pytest
from made_library import make_library, make_targets

from mstars.engines.laspm.kernels import exact_chi2, pair_moments, solve
from mstars.engines.laspm.library import coordinate
from mstars.engines.laspm.match import coarse_gain


def plain_chi2(flux, weight, template, degree):
    """Least squares with numpy, in double precision."""
    x, root = coordinate(len(flux)), np.sqrt(weight.astype(float))
    design = np.vander(x, degree + 1) * (template.astype(float) * root)[:, None]
    found = np.linalg.lstsq(design, flux * root, rcond=None)[0]
    return np.sum((flux * root - design @ found) ** 2)


@pytest.mark.parametrize("degree", [0, 2, 4])
def test_chi2_is_that_of_least_squares(degree):
    library, (flux, ivar, _, _) = make_library(40), make_targets(12)
    ivar[3], ivar[4, 900:] = 0, 0
    numbers = np.random.default_rng(1).integers(0, 40, (12, 6))
    found = np.empty(numbers.shape)
    exact_chi2(flux, ivar, coordinate(flux.shape[1]), degree, library.flux, numbers, found)
    for row in range(12):
        for column in range(6):
            expected = plain_chi2(flux[row], ivar[row], library.flux[numbers[row, column]], degree)
            assert found[row, column] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_the_coarse_gain_is_that_of_least_squares_of_binned_spectra():
    library, (flux, ivar, _, _) = make_library(30), make_targets(8, masked=0)
    x = coordinate(flux.shape[1])
    bins = np.arange(flux.shape[1]) // 4
    count = np.bincount(bins)
    gain = coarse_gain(library, flux, ivar, x, 2)
    centre = np.bincount(bins, x) / count
    for row in range(8):
        weight = np.bincount(bins, ivar[row])
        binned = np.divide(
            np.bincount(bins, ivar[row] * flux[row]), weight, out=np.zeros(len(weight)), where=weight > 0
        )
        for number in range(0, 30, 7):
            template = np.bincount(bins, library.flux[number]) / count
            root = np.sqrt(weight)
            design = np.vander(centre, 3) * (template * root)[:, None]
            rest = binned * root - design @ np.linalg.lstsq(design, binned * root, rcond=None)[0]
            power = np.sum(weight * binned**2)
            assert gain[row, number] == pytest.approx(power - np.sum(rest**2), rel=2e-6)


def test_no_candidate_is_infinitely_far():
    library, (flux, ivar, _, _) = make_library(5), make_targets(1)
    found = np.empty((1, 2))
    exact_chi2(flux, ivar, coordinate(flux.shape[1]), 2, library.flux, np.array([[-1, 2]]), found)
    assert np.isinf(found[0, 0]) and np.isfinite(found[0, 1])


def test_moments_are_sums_over_pixels():
    library, (flux, ivar, _, _) = make_library(20), make_targets(3)
    best = np.array([[0, 5, 7], [1, 1, 2], [3, -1, -1]])
    products, moments, power = np.empty((3, 3, 3)), np.empty((3, 3, 3, 5)), np.empty(3)
    x = coordinate(flux.shape[1])
    pair_moments(flux, ivar, x, 2, library.flux, best, products, moments, power)
    one, two = library.flux[5].astype(float), library.flux[7].astype(float)
    assert products[0, 1, 2] == pytest.approx(np.sum(ivar[0].astype(float) * flux[0] * one * x**2), rel=1e-9)
    assert moments[0, 1, 2, 3] == pytest.approx(np.sum(ivar[0].astype(float) * one * two * x**3), rel=1e-9)
    assert moments[0, 2, 1, 3] == moments[0, 1, 2, 3] and not products[2, 1:].any()
    np.testing.assert_allclose(power, (ivar.astype(float) * flux.astype(float) ** 2).sum(axis=1), rtol=1e-9)


def test_small_systems_are_solved():
    draws = np.random.default_rng(1)
    root = draws.normal(size=(5, 5))
    matrix, right, out = root @ root.T, draws.normal(size=5), np.empty(5)
    gain = solve(matrix.copy(), right, 5, out)
    np.testing.assert_allclose(out, np.linalg.solve(matrix, right), rtol=1e-9)
    assert gain == pytest.approx(right @ out)
