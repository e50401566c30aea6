"""Precision from residuals of single spectra; from pairs: tests/survey/test_repeats.py."""

import numpy as np

from mstars.parameters.precision import LEAST_PAIRS, fit_scatter


def test_the_planted_scatter_of_residuals_comes_back_within_errors():
    draws = np.random.default_rng(3)
    snr = np.exp(draws.uniform(np.log(5), np.log(200), 4000))
    off = draws.normal(0, 300 / snr + 12)
    off[::50] = 4000
    fit = fit_scatter(snr, off)
    assert abs(fit["a"] - 300) < 3 * fit["a_err"] < 100 and abs(fit["b"] - 12) < 3 * fit["b_err"] < 5
    assert abs(fit["outliers"] - 0.02) < 0.01 and fit["n"] == 4000


def test_too_few_residuals_give_no_fit():
    assert np.isnan(fit_scatter(np.full(LEAST_PAIRS - 1, 50.0), np.ones(LEAST_PAIRS - 1))["a"])
