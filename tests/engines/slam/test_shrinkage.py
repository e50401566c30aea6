"""Labels that lie too near to the middle, and the way back."""

import numpy as np
import pytest

from mstars.engines.slam.covariance import Covariance
from mstars.engines.slam.fit import Fitter
from mstars.engines.slam.forward import scaling_of
from mstars.engines.slam.search import Sample, search
from mstars.engines.slam.shrinkage import LEAST_STARS, Shrinkage, find_shrinkage
from mstars.parameters.calibration import without_label_errors

SLOPE = np.array([[-0.03, 60.0], [0.0, -0.15]])


def shrunk(n=3000, seed=1, label_error=0.0):
    draws = np.random.default_rng(seed)
    true = np.column_stack([draws.normal(3600, 250, n), draws.normal(-0.1, 0.25, n)])
    error = np.exp(draws.normal(0, 0.5, (n, 1))) * [20, 0.05]
    fitted = true + [5, 0.01] + (true - [3600, -0.1]) @ SLOPE.T + error * draws.normal(size=true.shape)
    fitted[:20] += [800, -2]  # wrong labels
    return fitted, true + [label_error * one for one in draws.normal(size=true.shape).T * 1][0][:, None] * [1, 0], error


def test_a_planted_shrinkage_is_found_and_taken_out():
    fitted, true, error = shrunk()
    found = find_shrinkage(fitted, true, error, np.zeros(2), np.zeros(2), 3000)
    assert (np.abs(found.slope - SLOPE) < [[0.01, 10], [2e-5, 0.01]]).all()
    labels, wider = found.corrected(fitted, error)
    off = (labels - true)[20:]
    assert abs(np.median(off[:, 1])) < 0.004
    for label in range(2):
        assert abs(np.polyfit(true[20:, label], off[:, label], 1)[0]) < 0.01
    np.testing.assert_allclose(off.std(axis=0) / np.sqrt(np.square(wider[20:]).mean(axis=0)), 1, atol=0.06)


def test_a_slope_that_goes_with_the_error_is_found():
    draws = np.random.default_rng(2)
    true = np.column_stack([draws.normal(3600, 250, 4000), draws.normal(-0.1, 0.25, 4000)])
    error = np.exp(draws.normal(0, 0.8, (4000, 1))) * [20, 0.05]
    slope = -0.15 + 0.05 * np.log(error[:, 1] / 0.05)
    fitted = true + error * draws.normal(size=true.shape)
    fitted[:, 1] += slope * (true[:, 1] + 0.1)
    found = find_shrinkage(fitted, true, error, np.zeros(2), np.zeros(2), 4000)
    assert found.trend[1] == pytest.approx(0.05, abs=0.015) and found.slope[1, 1] == pytest.approx(-0.15, abs=0.02)
    labels, _ = found.corrected(fitted, error)
    for rows in (error[:, 1] < 0.03, error[:, 1] > 0.08):
        line = np.polyfit(true[rows, 1], (labels - true)[rows, 1], 1, w=1 / error[rows, 1])
        assert abs(line[0]) < 0.03


def test_errors_of_labels_are_not_taken_for_shrinkage():
    fitted, true, error = shrunk(label_error=60.0)
    seen = find_shrinkage(fitted, true, error, np.zeros(2), np.zeros(2), 3000).slope[0, 0]
    known = find_shrinkage(fitted, true, error, np.zeros(2), np.array([60.0, 0.0]), 3000).slope[0, 0]
    assert seen < -0.07 and known == pytest.approx(-0.03, abs=0.015)


def test_few_stars_and_labels_as_they_should_be_change_nothing():
    fitted, true, error = shrunk(LEAST_STARS - 1)
    none = find_shrinkage(fitted, true, error, np.zeros(2), np.zeros(2), 3000)
    labels, same = none.corrected(fitted, np.where(error > 30, np.inf, error))
    assert (labels == pytest.approx(fitted)) and (np.isinf(same) == (error > 30)).all()
    again = Shrinkage.from_arrays(none.arrays)
    assert (again.slope == 0).all() and again.spectra == none.spectra


def test_a_model_of_more_stars_shrinks_less():
    one = Shrinkage(np.array([3600.0, 0.0]), np.array([4.0, 0.02]), SLOPE, np.array([0.0, 0.05]), np.zeros(2), 800.0)
    np.testing.assert_allclose(one.of(1600).slope, SLOPE / 2)
    assert (one.of(400).slope == SLOPE).all() and one.of(1600).offset[0] == 2


SETTINGS = {
    "hyper": {"C": (1.0,), "epsilon": (0.05,), "gamma": (0.3,), "every": 10},
    "landmarks": 600,
    "model": "svr",
}


def slopes_of_new_stars(stars, old, new):
    """Slopes of fitted less true [M/H] with the true one, of stars that were not trained on: as fitted, corrected."""
    fold = np.arange(len(old)) % 5
    scaling = scaling_of(stars.labels[old], stars.flux[old], stars.ivar[old] > 0)
    sample = Sample.of(scaling, stars.labels[old], stars.flux[old], stars.ivar[old], fold)
    found, models = search(sample, scaling, SETTINGS)
    box = stars.labels.min(axis=0) - 1, stars.labels.max(axis=0) + 1
    covariance = Covariance.of_pixels(found.intrinsic)
    value, error = np.empty((len(old), 2)), np.empty((len(old), 2))
    for number, model in enumerate(models):
        rows = old[fold == number]
        fitted = Fitter(model, covariance, *box).fit(stars.flux[rows], stars.ivar[rows])
        value[fold == number], error[fold == number] = fitted.labels, fitted.error
    shrinkage, slopes = find_shrinkage(value, stars.labels[old], error, np.zeros(2), np.zeros(2), 0.8 * len(old)), []
    for correction in (None, shrinkage):
        fitter = Fitter(models[0], covariance, *box, shrinkage=correction)
        off = fitter.fit(stars.flux[new], stars.ivar[new]).labels[:, 1] - stars.labels[new, 1]
        slopes.append(float(np.polyfit(stars.labels[new, 1], off, 1)[0]))
    return slopes


def test_noise_of_the_training_spectra_shrinks_labels_and_the_correction_holds_for_new_stars(make_stars):
    old, new = np.arange(160), np.arange(160, 560)
    noisy = slopes_of_new_stars(make_stars(n=560, noise=0.25, seed=8), old, new)
    assert noisy[0] < -0.05 and abs(noisy[1]) < 0.6 * abs(noisy[0]), noisy
    clean = slopes_of_new_stars(make_stars(n=560, noise=0.005, seed=8), old, new)
    assert abs(clean[0]) < 0.5 * abs(noisy[0]) and abs(clean[1]) < 0.03, (noisy, clean)


def test_a_floor_without_the_errors_of_labels():
    floor = without_label_errors(np.array([24.0, 0.05, 10.0]), np.array([70.0, 0.02, 0.0]))
    assert 24 * np.sqrt(0.3) < floor[0] < 20  # the share of the variance is the limit
    np.testing.assert_allclose(floor[1:], [np.sqrt(0.05**2 - 0.01**2), 10])  # half the quoted error is; none is quoted
