"""All methods in one velocity, LAMOST's own error, the zero point against Gaia, errors against repeats."""

import numpy as np
import pandas as pd
import pytest

from mstars.velocity.decide.apply import choose
from mstars.velocity.decide.best import best_velocity, gather_methods, method_offsets
from mstars.velocity.decide.lamost_error import DEFAULT_KMS, SNR_EDGES, measure_lamost_error
from mstars.velocity.decide.options import SelectionOptions
from mstars.velocity.decide.zero_point import repeat_pulls, zero_point

OPTIONS = SelectionOptions()


def measured(n, seed=1):
    """Template matching, lines and LAMOST's velocity, each off by its own error."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 40, n)
    table = pd.DataFrame({"rv_tm": truth + rng.normal(0, 9, n), "rv_tm_err": 9.0, "tm_flag": 0})
    for name in ("dsal1", "dsal2"):
        table[f"rv_{name}"], table[f"rv_{name}_err"], table[f"{name}_flag"] = truth + rng.normal(0, 9, n), 9.0, 0
        table[f"n_{name}"] = 8
    table["lamost_rv"], table["lamost_rv_err"], table["lamost_error"] = truth + rng.normal(0, 12, n), 5.0, 12.0
    return table, truth


def best_of(table, label="", common_kms=0.0):
    methods = gather_methods(table, method_offsets(table, OPTIONS), OPTIONS)
    return best_velocity(methods, np.full(len(table), label), common_kms=common_kms)


def test_velocities_that_agree_are_better_than_each():
    table, truth = measured(4000)
    best = best_of(table)
    assert (best.rv_best_from == "TM+DSAL_I+LAMOST").mean() > 0.97
    expected = (1 / 81 + 1 / 81 + 1 / 144) ** -0.5
    assert (best.rv_best - truth).std() == pytest.approx(expected, rel=0.05)
    assert best.rv_best_err.median() == pytest.approx(expected)


def test_few_lines_count_little_however_small_their_scatter():
    table, truth = measured(4000)
    rng = np.random.default_rng(2)
    # DSAL II of two lines: off by 32 km/s, and a standard deviation of 2
    table = table.assign(rv_dsal1=np.nan, rv_dsal1_err=np.nan, rv_dsal2=truth + rng.normal(0, 32, 4000))
    table = table.assign(rv_dsal2_err=2.0, n_dsal2=2)
    best = best_of(table)
    assert (best.rv_best - truth).std() < (table.rv_tm - truth).std()
    assert ((best.rv_best - truth) / best.rv_best_err).std() == pytest.approx(1.0, abs=0.05)


def test_what_all_share_does_not_decide_their_weights():
    table, truth = measured(4000)
    wavelengths = np.random.default_rng(3).normal(0, 12, 4000)
    table = table.assign(lamost_rv=np.nan, rv_dsal1_err=np.hypot(20.0, 12.0), rv_tm_err=np.hypot(9.0, 12.0))
    table["rv_tm"], table["rv_dsal1"] = table["rv_tm"] + wavelengths, table["rv_dsal1"] + wavelengths
    methods = gather_methods(table, {}, OPTIONS)
    best = best_velocity(methods, np.full(4000, ""), common_kms=12.0)
    both = best.rv_best_from == "TM+DSAL_I"
    own = (table.rv_tm / 81 + table.rv_dsal1 / 400) / (1 / 81 + 1 / 400)
    assert both.mean() > 0.97
    np.testing.assert_allclose(best.rv_best[both], own[both])
    assert best.rv_best_err[both].iloc[0] == pytest.approx(np.sqrt(1 / (1 / 81 + 1 / 400) + 144))


def test_methods_are_brought_to_one_scale_first():
    table, truth = measured(400)
    table["lamost_rv"] += 6.0
    offsets = method_offsets(table, OPTIONS)
    assert offsets["LAMOST"] == pytest.approx(-6, abs=2.5) and abs(offsets["DSAL_I"]) < 2
    assert abs(np.median(best_of(table).rv_best - truth)) < 1.0
    assert method_offsets(table.iloc[:20], OPTIONS) == {"LAMOST": 0.0, "DSAL_I": 0.0, "DSAL_II": 0.0}


def test_a_velocity_that_the_others_contradict_is_left_out():
    table, _ = measured(6)
    table = table.assign(rv_tm=10.0, rv_dsal1=12.0, rv_dsal2=12.0, lamost_rv=8.0)
    table.loc[0, "rv_dsal1"] += 300
    table.loc[1, "lamost_rv"] = 500.0
    table.loc[2, "tm_flag"] = 1  # at the grid's edge
    table.loc[3, ["rv_tm", "rv_dsal1", "rv_dsal2", "lamost_rv"]] = np.nan
    table.loc[4, ["rv_dsal1", "rv_dsal1_err"]] = np.nan  # DSAL II takes its place
    table.loc[5, ["rv_tm", "rv_dsal1", "rv_dsal2"]] = np.nan
    best = best_of(table)
    expected = ["TM+LAMOST", "TM+DSAL_I", "DSAL_I+LAMOST", "", "TM+DSAL_II+LAMOST", "LAMOST"]
    assert best.rv_best_from.tolist() == expected
    assert np.isnan(best.rv_best[3]) and np.isnan(best.rv_best_err[3])
    assert (best.rv_best[5], best.rv_best_err[5]) == (8.0, 12.0)


def test_a_decision_names_the_leading_method():
    table, _ = measured(1)
    table = table.assign(rv_tm=10.0, rv_dsal1=12.0, lamost_rv=300.0)
    assert best_of(table).rv_best_from[0] == "TM+DSAL_I"
    assert best_of(table, "LAMOST").rv_best_from[0] == "LAMOST"
    assert best_of(table, "NoRV_waveErr").rv_best_from[0] == "" and np.isnan(best_of(table, "NoRV_waveErr").rv_best[0])


def test_the_plain_names_go_to_the_velocity_asked_for():
    catalog = pd.DataFrame({"rv_paper": [1.0, np.nan], "rv_paper_err": 2.0, "rv_paper_from": ["TM", "NoRV_waveErr"]})
    catalog = catalog.assign(rv_best=[3.0, np.nan], rv_best_err=4.0, rv_best_from=["TM+LAMOST", ""])
    best, paper = choose(catalog, "best"), choose(catalog, "paper")
    assert (best.rv[0], best.rv_from.tolist()) == (3.0, ["TM+LAMOST", "NoRV_waveErr"])
    assert (paper.rv[0], paper.rv_from.tolist()) == (1.0, ["TM", "NoRV_waveErr"])


def lamost(n, error, seed=5):
    """Velocities with a scatter by S/N, spectra of stars taken twice, and Gaia's for half of the stars."""
    rng = np.random.default_rng(seed)
    star = np.repeat(np.arange(n // 2), 2)
    truth, snri = rng.normal(0, 40, n // 2)[star], rng.uniform(5, 150, n)
    keys = [f"k{k:05d}" for k in range(n)]
    scatter = np.hypot(3.0, np.array(error)[np.searchsorted(SNR_EDGES, snri, side="right")])
    catalog = pd.DataFrame({"spectrum_key": keys, "lamost_rv": truth - 5 + rng.normal(0, 1, n) * scatter})
    catalog = catalog.assign(lamost_rv_err=3.0, snri=snri)
    gaia = pd.DataFrame({"spectrum_key": keys, "star_id": star.astype(str), "radial_velocity": truth})
    return catalog, gaia.assign(radial_velocity_error=np.where(star % 2, 1.0, 9.0))


def test_the_error_of_lamost_is_measured_on_gaia_and_repeats():
    planted = (12.0, 9.0, 7.0, 5.0, 3.0)
    catalog, gaia = lamost(20_000, planted)
    found = measure_lamost_error(catalog, gaia)
    np.testing.assert_allclose(found.added_kms, planted, rtol=0.08)
    assert 2000 < found.n_repeats < 5000 and found.n_gaia == 10_000
    catalog.loc[::50, "lamost_rv"] += 400  # wrong velocities are no errors
    np.testing.assert_allclose(measure_lamost_error(catalog, gaia).added_kms, planted, rtol=0.1)
    assert found.error(np.array([3.0, np.nan]), np.array([30.0, 30.0])) == pytest.approx(
        [np.hypot(3, found.added_kms[2]), found.added_kms[2]]
    )


def test_errors_that_suffice_are_left_alone_and_few_differences_give_the_default(caplog):
    catalog, gaia = lamost(4000, (0.0,) * 5)
    assert max(measure_lamost_error(catalog, gaia).added_kms) < 1.0
    few = measure_lamost_error(catalog.iloc[:12], gaia)
    assert few.added_kms == (DEFAULT_KMS,) * 5 and "only 6 Gaia velocities" in caplog.text


def test_an_interval_with_few_differences_shares_its_neighbours():
    catalog, gaia = lamost(2000, (8.0,) * 5)
    catalog = catalog[(catalog.snri > 20) | (np.arange(2000) % 100 == 0)]
    added = measure_lamost_error(catalog, gaia).added_kms
    assert added[0] == added[1] and added == pytest.approx((8.0,) * 5, rel=0.2)


def test_zero_point_is_measured_and_not_applied():
    rng = np.random.default_rng(2)
    n = 600
    plate = np.repeat(["a", "b", "c"], [300, 290, 10])
    gaia_rv = rng.normal(0, 30, n)
    rv = gaia_rv - 5.0 + 3.0 * (plate == "b") + rng.normal(0, 4, n)
    catalog = pd.DataFrame({"spectrum_key": [f"k{k}" for k in range(n)], "plate": plate, "rv": rv, "rv_from": "LAMOST"})
    gaia = pd.DataFrame(
        {"spectrum_key": catalog.spectrum_key, "radial_velocity": gaia_rv, "radial_velocity_error": 1.0}
    )
    gaia.loc[::7, "radial_velocity_error"] = 9.0
    table, summary = zero_point(catalog, gaia)
    by_plate = table.groupby(plate).rv_zero_point.first()
    assert by_plate["a"] == pytest.approx(-5, abs=1.2) and by_plate["b"] == pytest.approx(-2, abs=1.2)
    assert (table.rv_zero_point_of == np.where(plate == "c", "all", "plate")).all()
    assert by_plate["c"] == summary["all"]["value"] and summary["all"]["n"] == (gaia.radial_velocity_error < 2).sum()
    assert summary["rv_from"]["LAMOST"]["n"] == summary["all"]["n"]
    assert abs(summary["plates"]["a"]["value"] + 5) < 4 * summary["plates"]["a"]["error"]


def test_without_gaia_there_is_no_zero_point():
    catalog = pd.DataFrame({"spectrum_key": ["a", "b"], "plate": "p", "rv": [1.0, 2.0]})
    gaia = pd.DataFrame({"spectrum_key": ["a", "b"], "radial_velocity": np.nan, "radial_velocity_error": np.nan})
    table, summary = zero_point(catalog, gaia)
    assert table.rv_zero_point.isna().all() and (table.rv_zero_point_of == "").all() and summary["all"]["n"] == 0


def test_repeats_tell_whether_errors_are_right():
    rng = np.random.default_rng(3)
    star = np.repeat(np.arange(2000), 2)
    truth = rng.normal(0, 40, 2000)[star]
    table = pd.DataFrame({"star_id": star, "rv_tm": truth + rng.normal(0, 5, 4000), "rv_tm_err": 3.0})
    pulls = repeat_pulls(table)
    assert pulls["n_pairs"] == 2000 and pulls["width"] == pytest.approx(5 / 3, rel=0.06)
    assert pulls["floor_kms"] == pytest.approx(4.0, rel=0.1) and pulls["scatter_kms"] == pytest.approx(5.0, rel=0.06)
    assert repeat_pulls(table.assign(rv_tm_err=6.0))["floor_kms"] == 0.0
    assert np.isnan(repeat_pulls(table.iloc[:4])["width"])
