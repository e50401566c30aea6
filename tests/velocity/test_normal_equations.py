"""Small linear systems."""

import numpy as np
from scipy.optimize import nnls

from mstars.velocity.normal_equations import nonnegative, solve_symmetric


def test_small_systems_are_solved():
    rng = np.random.default_rng(2)
    half = rng.normal(size=(5, 5))
    matrix, right, out = half @ half.T + 0.1 * np.eye(5), rng.normal(size=5), np.empty(5)
    solve_symmetric(matrix, right, 5, out)
    np.testing.assert_allclose(out, np.linalg.solve(matrix, right), rtol=1e-8)
    # of two equal columns one does the work
    twice = np.array([[1.0, 1.0], [1.0, 1.0]])
    solve_symmetric(twice, np.array([3.0, 3.0]), 2, out)
    assert abs(out[0] + out[1] - 3.0) < 1e-12


def test_nonnegative_is_scipys_nnls():
    rng = np.random.default_rng(4)
    for case in range(200):
        count = rng.integers(1, 9)
        design = rng.normal(size=(40, count)) + (2.0 if case % 2 else 0.0)  # half of them nearly parallel
        target = design @ np.where(rng.random(count) < 0.5, rng.random(count), 0) + rng.normal(size=40)
        out = np.empty(count)
        nonnegative(design.T @ design, design.T @ target, out)
        expected, norm = nnls(design, target)
        assert (out >= 0).all()
        assert np.linalg.norm(design @ out - target) <= norm * (1 + 1e-9)
        np.testing.assert_allclose(out, expected, atol=1e-6)
