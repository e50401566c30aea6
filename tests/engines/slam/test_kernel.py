"""Low-rank features against the kernel itself."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel

from mstars.engines.slam.kernel import landmark_features, rbf


@pytest.fixture
def labels():
    return np.random.default_rng(1).normal(size=(500, 2))


def test_the_kernel_is_scikit_learn_s(labels):
    np.testing.assert_allclose(
        rbf(labels[:40], labels[40:90], 0.4), rbf_kernel(labels[:40], labels[40:90], 0.4), atol=1e-14
    )


@pytest.mark.parametrize("gamma", [0.1, 1.0])
def test_products_of_features_are_the_kernel(labels, gamma):
    features = landmark_features(labels, gamma)
    phi = features.of(labels)
    assert len(features) < 350
    # a product of two errors, each of a squared length of at most the tolerance
    assert np.abs(phi @ phi.T - rbf_kernel(labels, gamma=gamma)).max() < 2e-9
    new = np.random.default_rng(2).normal(0, 0.7, (100, 2))
    assert np.abs(features.of(new) @ phi.T - rbf_kernel(new, labels, gamma)).max() < 1e-4


def test_no_more_landmarks_than_allowed(labels):
    features = landmark_features(labels, 1.0, most=30)
    assert (
        len(features) == 30
        and np.abs(features.of(labels) @ features.of(labels).T - rbf_kernel(labels, gamma=1.0)).max() < 1
    )


def test_slopes_are_the_derivatives(labels):
    features, at, step = landmark_features(labels, 0.3), labels[:20], 1e-5
    found = features.with_slopes(at)
    np.testing.assert_allclose(found[0], features.of(at), atol=1e-12)
    for column in range(2):
        moved = np.eye(2)[column] * step
        # features of the last landmarks are differences of almost equal numbers
        expected = (features.of(at + moved) - features.of(at - moved)) / (2 * step)
        weights = np.random.default_rng(0).normal(size=len(features)) * np.diag(features.factor)
        np.testing.assert_allclose(found[1 + column] @ weights, expected @ weights, atol=1e-6)


def test_equal_labels_are_one_landmark():
    features = landmark_features(np.zeros((50, 2)), 0.5)
    assert len(features) == 1 and features.of(np.zeros((1, 2))) == pytest.approx(1.0)
