"""The error curve and the limits of chi2."""

import numpy as np
import pytest

from mstars.engines.slam.errors import (
    above_limit,
    binned_scatter,
    chi2_limits,
    curve_errors,
    curve_uncertainties,
    fit_curve,
    fit_power_law,
)


def paper_s(draws, n=4000):
    snr = np.exp(draws.uniform(np.log(6), np.log(250), n))
    return snr, 546 * snr**-0.551 * draws.normal(size=n)


def test_the_paper_s_curve_is_recovered():
    snr, residual = paper_s(np.random.default_rng(0))
    residual[:20] = 3000  # wrong labels
    a, b, c = curve = fit_curve(snr, residual)
    assert b == pytest.approx(-0.551, abs=0.04) and a * 50**b == pytest.approx(546 * 50**-0.551, rel=0.05) and c == 0
    assert fit_power_law(snr, residual) == pytest.approx((a, b))
    assert curve_errors(np.array(curve), [50, np.nan, -3])[0] == pytest.approx(a * 50**b)
    assert np.isnan(curve_errors(np.array(curve), [50, np.nan, -3])[1:]).all()


def test_what_does_not_fall_with_snr_is_told_from_noise():
    draws = np.random.default_rng(4)
    snr, residual = paper_s(draws)
    residual += draws.normal(0, 45, len(snr))
    a, b, c = fit_curve(snr, residual)
    assert b == pytest.approx(-0.551, abs=0.12) and c == pytest.approx(45, abs=8)
    assert fit_power_law(snr, residual)[1] > b + 0.1
    assert curve_errors(np.array([a, b, c]), [10.0])[0] == pytest.approx(np.hypot(546 * 10**-0.551, 45), rel=0.08)


def test_uncertainties_are_the_scatter_of_other_samples():
    found, said = [], []
    for seed in range(30):
        snr, residual = paper_s(np.random.default_rng(seed), 600)
        residual += np.random.default_rng(100 + seed).normal(0, 45, 600)
        found.append([fit_power_law(snr, residual)[1], fit_curve(snr, residual)[2]])
        if seed < 4:
            errors = curve_uncertainties(snr, residual, np.arange(600) // 2, draws=30)
            said.append([errors["power_b"], errors["c"]])
    assert np.mean(said, axis=0) == pytest.approx(np.std(found, axis=0), rel=0.35)
    assert np.isnan(curve_uncertainties(snr[:40], residual[:40], np.arange(40))["b"])


def test_bins_hold_all_stars():
    snr, residual = np.linspace(5, 100, 300), np.ones(300)
    centre, bias, scatter, count = binned_scatter(snr, residual)
    assert count.sum() == 300 and (np.diff(centre) > 0).all() and (bias == 1).all() and (scatter == 0).all()


def test_few_stars_give_a_curve_of_photon_noise():
    a, b, c = fit_curve(np.full(30, 25.0), np.random.default_rng(1).normal(0, 10, 30))
    assert b == -0.5 and c == 0 and a * 5**-1 == pytest.approx(10, rel=0.4)
    assert np.isnan(fit_curve(np.array([]), np.array([]))).all()


def test_chi2_limits_follow_the_snr_and_the_scatter_there():
    """Limits of 900 stars with a normal ln chi2: between 2.2 and 4 widths (2.58 is right, a fifth is exponential)."""
    draws = np.random.default_rng(2)
    snr = np.exp(draws.uniform(np.log(5), np.log(300), 9000))
    middle, width = -0.05 + 0.001 * snr, 0.04 + 0.0015 * snr
    chi2 = np.exp(middle + width * draws.normal(size=9000))
    limits = chi2_limits(snr[:900], chi2[:900])
    at, limit = limits
    assert limits.shape == (2, 8) and (np.diff(at) > 0).all() and limit[-1] > 2 * limit[0]
    off = (np.log(limit) + 0.05 - 0.001 * at) / (0.04 + 0.0015 * at)
    assert off.min() > 2.2 and off.max() < 4
    for low, high in ((5, 20), (20, 50), (50, 100), (100, 300)):
        rows = (snr > low) & (snr <= high)
        assert 0.0003 < above_limit(limits, snr, chi2)[rows].mean() < 0.012
    # a fit that is off at S/N 10 is an ordinary one at 250
    assert above_limit(limits, np.array([10.0, 250.0]), np.array([1.6, 1.6])).tolist() == [True, False]


def test_a_heavy_tail_at_high_snr_does_not_lift_the_limit_of_faint_stars():
    draws = np.random.default_rng(3)
    snr = np.exp(draws.uniform(np.log(5), np.log(300), 900))
    width = np.where(snr > 100, 0.5 * draws.exponential(size=900), 0.07 * draws.normal(size=900))
    limits = chi2_limits(snr, 0.92 * np.exp(width))
    assert above_limit(limits, np.array([8.0, 250.0]), np.array([1.35, 4.0])).tolist() == [True, False]


def test_chi2_limits_of_few_stars_and_of_unknown_snr():
    limits = chi2_limits(np.full(59, 20.0), np.ones(59))
    assert np.isinf(limits).all() and not above_limit(limits, np.full(2, 20.0), np.array([1.0, 1e9])).any()
    known = chi2_limits(np.linspace(5, 100, 200), np.random.default_rng(1).uniform(0.8, 1.1, 200))
    assert above_limit(known, np.array([np.nan, 30.0]), np.array([9.0, np.nan])).tolist() == [True, False]
