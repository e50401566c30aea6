"""All pixels at once against scikit-learn's SVR one by one."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.svm import SVR

from mstars.engines.slam.kernel import landmark_features
from mstars.engines.slam.svr import Options, Solver, fit_krr

PIXELS = slice(0, 20)
TRIPLES = [Options(1.0, 0.05, 0.3), Options(10.0, 0.1, 1.0), Options(0.1, 0.05, 0.1)]


def one_by_one(sample, options, rows=None, tol=1e-6):
    """Predictions for all stars by scikit-learn, each pixel trained on the samples that count."""
    found = []
    for pixel in range(PIXELS.start, PIXELS.stop):
        used = sample.used[:, pixel] if rows is None else sample.used[:, pixel] & rows
        model = SVR(C=options.C, epsilon=options.epsilon, gamma=options.gamma, tol=tol)
        found.append(model.fit(sample.labels[used], sample.flux[used, pixel]).predict(sample.labels))
    return np.array(found).T


def together(sample, options, rows=None, **effort):
    features = landmark_features(sample.labels, options.gamma)
    used = sample.used[:, PIXELS] if rows is None else sample.used[:, PIXELS] & rows[:, None]
    weights, offset = Solver(features, sample.labels).fit(sample.flux[:, PIXELS], used, options, **effort)
    return features.of(sample.labels) @ weights + offset


@pytest.mark.parametrize("options", TRIPLES, ids=str)
def test_it_is_scikit_learn_s_with_masks(sample, options):
    exact = one_by_one(sample, options)
    off = together(sample, options, tolerance=0) - exact
    assert np.abs(off).max() < 5e-3 and np.sqrt(np.square(off).mean()) < 5e-4
    usual = one_by_one(sample, options, tol=1e-3) - exact  # what scikit-learn's own default leaves
    assert np.square(off).mean() < np.square(usual).mean()


def test_the_default_effort_is_enough(sample):
    options = TRIPLES[0]
    assert np.abs(together(sample, options) - one_by_one(sample, options)).max() < 5e-3


def test_a_fold_as_mask_is_a_fit_without_its_stars(sample):
    options, rows = TRIPLES[0], sample.fold != 1
    masked = together(sample, options, rows, iterations=2000, tolerance=0)
    assert np.abs(masked - one_by_one(sample, options, rows)).max() < 1e-3
    features = landmark_features(sample.labels, options.gamma)
    solver = Solver(features, sample.labels[rows])
    weights, offset = solver.fit(
        sample.flux[rows, PIXELS], sample.used[rows, PIXELS], options, iterations=2000, tolerance=0
    )
    assert np.abs(features.of(sample.labels) @ weights + offset - masked).max() < 1e-3


def test_weights_are_scikit_learn_s(sample):
    options, draws = TRIPLES[0], np.random.default_rng(5)
    weight = (draws.uniform(0, 2, sample.used.shape) * sample.used).astype(np.float32)
    features = landmark_features(sample.labels, options.gamma)
    fit = Solver(features, sample.labels).fit(
        sample.flux[:, PIXELS], weight[:, PIXELS], options, iterations=2000, tolerance=0
    )
    ours = features.of(sample.labels) @ fit[0] + fit[1]
    for pixel in range(PIXELS.start, PIXELS.stop):
        used = sample.used[:, pixel]
        model = SVR(C=options.C, epsilon=options.epsilon, gamma=options.gamma, tol=1e-6)
        model.fit(sample.labels[used], sample.flux[used, pixel], sample_weight=weight[used, pixel])
        assert np.abs(model.predict(sample.labels) - ours[:, pixel]).max() < 5e-3


def test_landmarks_give_the_sum_over_support_vectors(sample):
    options, draws = TRIPLES[0], np.random.default_rng(4)
    model = SVR(C=options.C, epsilon=options.epsilon, gamma=options.gamma).fit(sample.labels, sample.flux[:, 3])
    features = landmark_features(sample.labels, options.gamma, tolerance=1e-13)
    weights = features.of(model.support_vectors_).T @ model.dual_coef_[0]
    inside = sample.labels[:50] + 0.01 * draws.normal(size=(50, 2))
    assert np.abs(features.of(inside) @ weights + model.intercept_ - model.predict(inside)).max() < 1e-8


def test_a_fit_goes_on_from_where_another_ended(sample):
    options = TRIPLES[0]
    solver = Solver(landmark_features(sample.labels, options.gamma), sample.labels)
    target, used = sample.flux[:, PIXELS], sample.used[:, PIXELS]
    state = np.zeros(target.shape, np.float32)
    exact = solver.fit(target, used, options, iterations=3000, tolerance=0, state=state)
    again = solver.fit(target, used, options, iterations=1, tolerance=0, state=state)
    cold = solver.fit(target, used, options, iterations=1, tolerance=0)
    phi = solver.features.of(sample.labels)
    off = [np.abs(phi @ (one[0] - exact[0]) + one[1] - exact[1]).max() for one in (again, cold)]
    assert off[0] < 0.05 * off[1]


def test_a_pixel_that_is_nowhere_measured_is_flat(sample):
    options = TRIPLES[0]
    solver = Solver(landmark_features(sample.labels, options.gamma), sample.labels)
    weights, offset = solver.fit(sample.flux[:, :2], np.zeros((len(sample.flux), 2), bool), options)
    assert np.abs(solver.features.of(sample.labels) @ weights + offset).max() < 1e-3


def test_kernel_ridge_is_scikit_learn_s_and_another_model(sample):
    options = Options(1.0, 0.1, 0.3)
    solver = Solver(landmark_features(sample.labels, options.gamma), sample.labels)
    used = sample.used[:, PIXELS]
    weights, offset = fit_krr(solver, sample.flux[:, PIXELS], used, options, rounds=60)
    found = solver.features.of(sample.labels) @ weights + offset
    for pixel in range(5):
        rows = used[:, pixel]
        # the offset is free here: with centred features that is ridge regression of centred values
        phi = solver.features.of(sample.labels)
        centred = phi[rows] - phi[rows].mean(axis=0)
        kernel = KernelRidge(alpha=0.5, kernel="precomputed").fit(
            centred @ centred.T, sample.flux[rows, pixel] - sample.flux[rows, pixel].mean()
        )
        expected = (phi - phi[rows].mean(axis=0)) @ centred.T @ kernel.dual_coef_ + sample.flux[rows, pixel].mean()
        assert np.abs(found[:, pixel] - expected).max() < 1e-3
    assert np.sqrt(np.square(found - one_by_one(sample, options)).mean()) > 0.003
