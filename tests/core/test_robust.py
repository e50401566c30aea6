"""Robust scatter and limits of shares."""

import numpy as np
import pytest
from astropy.stats import mad_std as astropy_mad_std
from scipy.stats import binom

from mstars.core.robust import MAD_STD_ERROR, MEDIAN_ERROR, ONE_SIGMA, mad_std, share_limits


def test_it_is_astropys_to_two_millionths():
    values = np.random.default_rng(1).normal(3.0, 5.0, 501)
    assert mad_std(values) == pytest.approx(astropy_mad_std(values), rel=2e-6)


def test_what_is_not_finite_does_not_count_and_nothing_gives_nan():
    assert mad_std([1.0, 2.0, 3.0, np.nan, np.inf]) == mad_std([1, 2, 3]) == pytest.approx(1.4826)
    assert np.isnan(mad_std([])) and np.isnan(mad_std([np.nan]))
    assert mad_std([2.0, 2.0, 4.0], 0.0) == pytest.approx(2 * 1.4826)


def test_the_standard_errors_of_median_and_scatter_are_those_of_normal_samples():
    samples = np.random.default_rng(2).normal(0, 1, (4000, 200))
    assert np.std(np.median(samples, axis=1)) * np.sqrt(200) == pytest.approx(MEDIAN_ERROR, rel=0.04)
    assert np.std([mad_std(sample) for sample in samples]) * np.sqrt(200) == pytest.approx(MAD_STD_ERROR, rel=0.04)


@pytest.mark.parametrize("level", [ONE_SIGMA, 0.95])
def test_the_limits_of_a_share_hold_the_truth_as_often_as_they_say(level):
    low, high = share_limits(np.arange(41), 40, level)
    shares = np.linspace(0.1, 0.9, 401)  # for a single one it depends on which counts fall just inside
    inside = (low <= shares[:, None]) & (shares[:, None] <= high)
    held = (binom.pmf(np.arange(41), 40, shares[:, None]) * inside).sum(axis=1)
    assert held.mean() == pytest.approx(level, abs=0.01)


def test_the_limits_are_sane_at_the_ends():
    assert share_limits(0, 20)[0] == 0 and 0.1 < share_limits(0, 20)[1] < 0.2
    assert share_limits(20, 20)[1] == pytest.approx(1) and np.isnan(share_limits(0, 0)).all()
