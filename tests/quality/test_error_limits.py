"""Limits of errors (Eqs. 3 and 4)."""

import numpy as np
from made_errors import PLANE, sample

from mstars.quality.error_limits import excess_error, fit_errors, interval_name, passes_errors, snr_interval


def test_intervals_are_open_below_and_closed_above():
    assert snr_interval([-9999, 0, np.nan, 0.1, 20, 20.1, 50, 100, 100.1]).tolist() == [-1, -1, -1, 0, 0, 1, 1, 2, 3]
    assert [interval_name(k) for k in range(4)] == ["0-20", "20-50", "50-100", "100-"]


def test_the_fit_finds_the_coefficients_of_eq_3():
    fits = fit_errors(sample(noise=1e-6))
    for kind in ("dM", "gM"):
        for interval in ("0-20", "20-50", "50-100", "100-"):
            np.testing.assert_allclose(fits[kind][interval]["teff"]["coefficients"], PLANE, rtol=1e-3, atol=1e-3)


def test_eq_4_is_fitted_once_without_clipping_and_one_sided():
    table = sample()
    table.loc[7, "teff_err"] += 500
    table.loc[8, "teff_err"] -= 500
    fits = fit_errors(table)
    passed = passes_errors(table, fits)
    assert not passed.loc[7, "teff"] and passed.loc[7, "logg"] and passed.loc[8, "teff"]
    excess, limit = excess_error(table, fits, "teff")
    rows = (table["luminosity_class"] == "dM") & snr_interval(table["snr_i"]) == 0
    for kind, number in {("dM", 1), ("gM", 3)}:
        rows = ((table["luminosity_class"] == kind) & (snr_interval(table["snr_i"]) == number)).to_numpy()
        np.testing.assert_allclose(limit[rows], excess[rows].mean() + 3 * excess[rows].std(), rtol=1e-9)


def test_a_thin_interval_takes_the_fit_of_its_class_and_a_thin_class_has_none():
    table = sample(600)
    table = table[(table["luminosity_class"] == "dM") | (table.index < 30)]
    table = table[(table["snr_i"] > 22) | (table.index % 40 == 1)]
    fits = fit_errors(table, min_rows=40)
    assert fits["dM"]["0-20"]["teff"]["pooled"] and not fits["dM"]["50-100"]["teff"]["pooled"]
    assert fits["gM"] == {}
    assert not passes_errors(table, fits)[(table["luminosity_class"] == "gM").to_numpy()].to_numpy().any()


def test_the_errors_of_two_labels_are_fitted_by_eq_3_with_these_two():
    table = sample(3000)
    fits = fit_errors(table, labels=("teff", "m_h"))
    assert len(fits["dM"]["20-50"]["teff"]["coefficients"]) == 4 and set(fits["dM"]["20-50"]) == {"teff", "m_h"}
    assert list(passes_errors(table, fits, ("teff", "m_h"))) == ["teff", "m_h"]
