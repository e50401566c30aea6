"""What is a contradiction: planted leanings of an engine, planted failures, and the rate of false alarms."""

import numpy as np
import pytest
from scipy.stats import chi2 as distribution

from mstars.engines.combined.contradiction import Frame, chi2_limits, fit_response


@pytest.fixture
def labels():
    draws = np.random.default_rng(1)
    return np.column_stack([draws.normal(3620, 200, 900).clip(2900, 4020), draws.normal(-0.15, 0.25, 900)])


def test_an_engine_that_draws_labels_to_the_middle_is_told_by_the_labels(labels):
    """Leanings of 0.3 of the distance in [M/H], and of 60 K at the hot end, within 3 standard errors."""
    draws, frame = np.random.default_rng(2), Frame.of(labels)
    terms = frame.terms(labels)
    lean = -0.3 * (labels[:, 1] + 0.15)
    residual = np.column_stack([lean, np.zeros(900)]) + draws.normal(0, 0.05, (900, 2))
    residual[draws.random((900, 2)) < 0.03] += 2.0  # failures
    residual[:200, 1] = np.nan
    found = fit_response(residual, terms)
    assert found.shape == (2, 6)
    at = np.array([[3600.0, -0.7], [3600.0, 0.2], [3900.0, -0.4]])
    np.testing.assert_allclose(frame.terms(at) @ found.T, [[0.165, 0], [-0.105, 0], [0.075, 0]], atol=0.02)
    # beyond the labelled stars the leaning is that at their end
    ends = frame.terms(np.array([[3600.0, -0.9], [3600.0, -3.0], [np.nan, np.nan]]))
    np.testing.assert_array_equal(ends[0], ends[1])
    np.testing.assert_array_equal(ends[2], [1, 0, 0, 0, 0, 0])


def test_too_few_stars_have_no_response(labels):
    terms = Frame.of(labels).terms(labels)
    residual = np.where(np.arange(900)[:, None] < [119, 120], 5.0, np.nan)
    found = fit_response(residual, terms)
    assert (found[0] == 0).all() and found[1].any()


def test_a_label_that_no_star_has_counts_as_constant(labels):
    labels[:, 1] = np.nan
    assert (Frame.of(labels).terms(labels)[:, [2, 4, 5]] == 0).all()


def tables(n, seed, heavy):
    """chi2 of three labels with 1 and 2 degrees of freedom, half as large again as they should be."""
    draws, found = np.random.default_rng(seed), {}
    for label, scale in (("teff", 1.5), ("logg", 0.7), ("m_h", 1.0)):
        freedom = draws.choice([0, 1, 2], n, p=[0.05, 0.25, 0.7])
        if label == "logg":
            freedom = np.minimum(freedom, 1)
        p = draws.random(n)
        score = -np.log(p)
        if heavy:  # beyond the upper 5 % the tail falls off half as fast
            start = -np.log(0.05)
            score = np.where(score > start, start + 2 * (score - start), score)
        chi2 = np.where(freedom > 0, scale * distribution.isf(np.exp(-score), np.maximum(freedom, 1)), np.nan)
        found[label] = (chi2, freedom)
    return found


MOST = {"teff": 3, "logg": 2, "m_h": 3}


@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize("share", [1e-2, 1e-3])
def test_the_share_of_false_alarms_is_what_was_asked_for(heavy, share):
    """Limits of 800 stars on 200,000 others: the mean rate of ten draws is within a factor of 1.6."""
    others, rates = tables(200_000, 99, heavy), []
    for seed in range(10):
        limits = chi2_limits(tables(800, seed, heavy), MOST, share)
        told = np.zeros(200_000, bool)
        for label, (chi2, freedom) in others.items():
            with np.errstate(invalid="ignore"):
                told |= chi2 > limits[label][freedom]
        rates.append(told.mean())
    assert share / 1.6 < np.mean(rates) < share * 1.6


def test_few_stars_and_labels_with_one_engine():
    limits = chi2_limits({"teff": (np.full(20, 1.0), np.ones(20, int))}, {"teff": 2}, 1e-3)
    assert limits["teff"][1] == pytest.approx(distribution.isf(1e-3, 1)) and np.isinf(limits["teff"][[0, 2]]).all()
    alone = chi2_limits({"alpha_m": (np.full(500, np.nan), np.zeros(500, int))}, {"alpha_m": 1}, 1e-3)
    assert np.isinf(alone["alpha_m"]).all()
    assert chi2_limits({}, {}, 1e-3) == {}
