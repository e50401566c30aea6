"""The minimum-variance mean against a plain oracle; an engine that fails; contradictions; no valid engine."""

import numpy as np
import pytest
from scipy.optimize import minimize

from mstars.engines.combined.combine import combine, minimum_variance
from mstars.engines.combined.covariance import ASSUMED, Covariance, fit_covariance, robust_covariance

K = 3
MATRIX = np.array([[900.0, 500.0, 200.0], [500.0, 1600.0, 300.0], [200.0, 300.0, 2500.0]])
LIMITS = np.array([np.inf, 10.83, 13.82])


def plain(values, matrix):
    """Weights by a general optimiser: no weight negative, sum 1."""
    k = len(values)
    found = minimize(
        lambda w: w @ matrix @ w, np.full(k, 1 / k), bounds=[(0, 1)] * k, tol=1e-14,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, options={"maxiter": 500},
    )  # fmt: skip
    return found.x @ values, found.x @ matrix @ found.x


@pytest.mark.parametrize("seed", range(6))
def test_weights_are_those_of_a_plain_optimiser(seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(4, 4)) + 0.8
    matrix = root @ root.T + 0.05 * np.eye(4)
    values, valid = rng.normal(size=(5, 4)), rng.random((5, 4)) > 0.3
    valid[0] = True
    value, variance, _, weights = minimum_variance(values, valid, np.repeat(matrix[None], 5, axis=0))
    for row in range(5):
        used = np.flatnonzero(valid[row])
        if not len(used):
            assert np.isnan(value[row]) and np.isnan(variance[row])
            continue
        expected = plain(values[row, used], matrix[np.ix_(used, used)])
        assert variance[row] <= expected[1] * 1.02 and variance[row] == pytest.approx(expected[1], rel=0.05)
        assert weights[row].sum() == pytest.approx(1) and (weights[row] >= -1e-9).all()
        assert (weights[row, ~valid[row]] == 0).all()


def test_the_mean_scatters_less_than_the_best_engine_and_its_error_is_honest():
    rng = np.random.default_rng(1)
    values = 3500 + rng.multivariate_normal(np.zeros(K), MATRIX, 20000)
    covariance = Covariance(MATRIX, np.zeros((K, K)), (5.0, 100.0))
    found = combine(values, np.ones(values.shape, bool), np.full(len(values), 30.0), covariance, LIMITS)
    off = found.value - 3500
    assert off.std() < 30.0 and (off / found.error).std() == pytest.approx(1, abs=0.03)
    assert found.chi2.mean() == pytest.approx(1, abs=0.03) and found.contradicted.mean() < 0.003


def test_one_engine_that_fails_is_left_out_and_told():
    rng = np.random.default_rng(2)
    values = 3500 + rng.multivariate_normal(np.zeros(K), MATRIX, 2000)
    values[:1000, 2] += 800
    covariance = Covariance(MATRIX, np.zeros((K, K)), (5.0, 100.0))
    found = combine(values, np.ones(values.shape, bool), np.full(2000, 30.0), covariance, LIMITS)
    assert found.contradicted[:1000].all() and (found.left_out[:1000] == 2).mean() > 0.97
    kept = found.left_out[:1000] == 2
    two = combine(values[:1000, :2], np.ones((1000, 2), bool), np.full(1000, 30.0), _part(covariance, 2), LIMITS)
    np.testing.assert_allclose(found.value[:1000][kept], two.value[kept])
    assert abs(np.median(found.value[:1000] - 3500)) < 5 and (found.count[:1000][kept] == 2).all()


def _part(covariance, k):
    return Covariance(covariance.constant[:k, :k], covariance.noise[:k, :k], covariance.snr)


def test_two_engines_that_contradict_have_a_larger_error():
    covariance = Covariance(np.diag([900.0, 900.0]), np.zeros((2, 2)), (5.0, 100.0))
    values = np.array([[3500.0, 3510.0], [3500.0, 3900.0]])
    found = combine(values, np.ones((2, 2), bool), np.array([30.0, 30.0]), covariance, LIMITS)
    assert found.contradicted.tolist() == [False, True] and found.left_out.tolist() == [-1, -1]
    assert found.error[0] == pytest.approx(30 / np.sqrt(2)) and found.error[1] == pytest.approx(200)


def test_no_valid_engine_and_one_alone():
    covariance = Covariance(MATRIX, np.zeros((K, K)), (5.0, 100.0))
    values = np.array([[np.nan] * 3, [3500.0, np.nan, np.nan]])
    found = combine(values, np.isfinite(values), np.array([np.nan, 20.0]), covariance, LIMITS)
    assert np.isnan(found.value[0]) and np.isnan(found.error[0]) and found.count.tolist() == [0, 1]
    assert found.value[1] == 3500 and found.error[1] == pytest.approx(30) and np.isnan(found.chi2).all()
    none = combine(values[:0], np.zeros((0, 3), bool), np.zeros(0), covariance, LIMITS)
    assert len(none.value) == 0


def test_the_covariance_of_planted_errors_comes_back_by_snr():
    rng = np.random.default_rng(4)
    n, snr = 6000, rng.uniform(5, 120, 6000)
    shared = rng.normal(size=n)
    sigma = np.sqrt(np.array([20.0, 30.0, 60.0]) ** 2 + (np.array([800.0, 1200.0, 500.0]) / snr[:, None]) ** 2)
    residual = sigma * (0.6 * shared[:, None] + 0.8 * rng.normal(size=(n, 3)))
    residual[rng.random((n, 3)) < 0.02] += 3000  # failures
    residual[: n // 3, 1] = np.nan
    found = fit_covariance(residual, snr)
    for at in (8.0, 30.0, 100.0):
        expected = np.array([20.0, 30.0, 60.0]) ** 2 + (np.array([800.0, 1200.0, 500.0]) / at) ** 2
        matrix = found.at(np.array([at]))[0]
        np.testing.assert_allclose(np.sqrt(np.diag(matrix)), np.sqrt(expected), rtol=0.15)
        correlation = matrix / np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
        np.testing.assert_allclose(correlation[np.triu_indices(3, 1)], 0.36, atol=0.13)
        assert (np.linalg.eigvalsh(matrix) > 0).all()
    np.testing.assert_array_equal(found.at(np.array([1.0, np.nan])), found.at(np.array([0.5, 2.0])))


def test_what_averaging_takes_off_an_ensemble_is_left_out():
    rng = np.random.default_rng(5)
    n = 3000
    residual, snr = rng.normal(0, [50.0, 50.0], (n, 2)), rng.uniform(10, 100, n)
    spread = np.column_stack([np.full(n, 30.0), np.zeros(n)])
    seen, new = fit_covariance(residual, snr), fit_covariance(residual, snr, spread)
    assert np.sqrt(np.diag(seen.at(np.array([30.0]))[0])) == pytest.approx([50, 50], rel=0.08)
    assert np.sqrt(np.diag(new.at(np.array([30.0]))[0])) == pytest.approx([40, 50], rel=0.08)


def test_engines_without_a_common_star_get_the_assumed_correlation():
    rng = np.random.default_rng(6)
    residual = rng.normal(0, 10, (400, 2))
    residual[:200, 0], residual[200:, 1] = np.nan, np.nan
    assert np.isnan(robust_covariance(residual, 30)[0, 1])
    matrix = fit_covariance(residual, np.full(400, 30.0)).at(np.array([30.0]))[0]
    assert matrix[0, 1] / np.sqrt(matrix[0, 0] * matrix[1, 1]) == pytest.approx(ASSUMED, abs=0.02)
