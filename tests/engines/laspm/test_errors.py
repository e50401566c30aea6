"""Errors from repeats."""

import numpy as np
import pandas as pd
import pytest

from mstars.engines.laspm.errors import error_curves, errors_at, repeat_deviations, star_pairs, without_themselves


def test_eq_1_is_unbiased():
    draws = np.random.default_rng(1)
    star = np.repeat(np.arange(3000), 3).astype(str)
    values = np.repeat(draws.normal(3500, 300, 3000), 3) + draws.normal(0, 67, 9000)
    assert repeat_deviations(values, star).std() == pytest.approx(67, rel=0.03)
    assert np.isnan(repeat_deviations(np.array([1.0, 2.0, np.nan]), np.array(["a", "b", "b"]))).all()


def test_pairs_are_of_one_star_and_independent():
    star, snr = np.array(["b", "a", "b", "b", "a", "c"]), np.array([3.0, 1, 1, 2, 5, 9])
    first, second = star_pairs(star, snr)
    assert sorted(zip(first.tolist(), second.tolist(), strict=True)) == [(1, 4), (2, 3)]


def test_curves_are_of_repeats_where_there_are_enough():
    draws = np.random.default_rng(2)
    star = np.repeat(np.arange(800), 2).astype(str)
    snr = np.exp(draws.uniform(np.log(10), np.log(150), 1600))
    truth = np.repeat(draws.normal(0, 1, (800, 1)), 2, axis=0)
    values = (
        truth
        + np.repeat(draws.normal(0, 5, (800, 1)), 2, axis=0)
        + draws.normal(0, 1, (1600, 1)) * (6 / snr + 0.1)[:, None]
    )
    curve = error_curves(["teff"], values, truth, star, snr)["teff"]
    assert (
        curve["of"] == "repeats"
        and curve["a"] == pytest.approx(6, rel=0.15)
        and curve["b"] == pytest.approx(0.1, abs=0.04)
    )
    alone = error_curves(["teff"], values, truth, np.arange(1600).astype(str), snr)["teff"]
    assert alone["of"] == "leave_one_out" and alone["a"] / 30 + alone["b"] == pytest.approx(5, rel=0.1)
    few = error_curves(["teff"], values[:5], truth[:5], np.arange(5).astype(str), snr[:5])["teff"]
    assert few["of"] == "scatter"
    assert errors_at({"teff": curve}, ["teff"], [np.nan, 0.0, 20.0])[:, 0] == pytest.approx(
        [curve["a"] + curve["b"]] * 2 + [curve["a"] / 20 + curve["b"]]
    )


def test_library_stars_are_taken_without_themselves():
    table = pd.DataFrame({"teff": [3500.0, 3600.0], "teff_oof": [3470.0, np.nan], "flag": [1, 0]})
    found = without_themselves(table, ["teff"])
    assert found["teff"].tolist() == [3470.0, 3600.0] and list(found) == list(table)
    assert table["teff"].tolist() == [3500.0, 3600.0]
