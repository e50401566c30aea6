"""Limits of shares and scatters."""

import numpy as np

from mstars.validate.shares import scatter, scatter_with_limits, share


def test_nothing_has_no_share_and_no_scatter():
    assert share("x", [True], [False]) == {"x": None, "x_n": 0, "x_lo": None, "x_hi": None}
    assert scatter(np.array([np.nan])) == (None, None, 0)


def test_limits_of_a_scatter_hold_the_truth_95_times_of_100():
    draws = np.random.default_rng(5).normal(scale=2.0, size=(600, 150))
    found = [scatter_with_limits("x", row) for row in draws]
    inside = np.mean([one["x_lo"] < 2.0 < one["x_hi"] for one in found])
    assert 0.92 < inside < 0.98 and found[0]["x_n"] == 150
    assert scatter_with_limits("x", np.array([np.nan])) == {"x": None, "x_n": 0, "x_lo": None, "x_hi": None}
    assert scatter_with_limits("x", np.array([1.0]))["x_lo"] is None
