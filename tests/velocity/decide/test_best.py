"""The best velocity."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.velocity.decide import best as room
from mstars.velocity.decide.best import best_velocity, gather_methods, method_offsets

OPTIONS = SelectionOptions()


def measured(n, seed=1):
    """Lines, template matching of the lines' and all other pixels, and LAMOST's velocity, which is independent."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 40, n)
    lines, others = rng.normal(0, 15, n), rng.normal(0, 11.25, n)
    both = (lines / 15**2 + others / 11.25**2) * 81  # the best mean of all pixels has an error of 9
    table = pd.DataFrame({"rv_tm": truth + both, "rv_tm_err": 9.0, "tm_flag": 0})
    for name in ("dsal1", "dsal2"):
        table[f"rv_{name}"], table[f"rv_{name}_err"], table[f"{name}_flag"] = truth + lines, 15.0, 0
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
    weights = np.array([1 / 81, 1 / 225, 1 / 144])
    # lines and template matching have the noise of the lines' pixels in common
    covariance = np.array([[81.0, 81, 0], [81, 225, 0], [0, 0, 144]])
    expected = np.sqrt(weights @ covariance @ weights) / weights.sum()
    assert (best.rv_best - truth).std() == pytest.approx(expected, rel=0.03)
    assert (best.rv_best - truth).std() < min((table.rv_tm - truth).std(), (table.lamost_rv - truth).std())
    assert best.rv_best_err.median() == pytest.approx(expected)


def test_lines_alone_beside_template_matching_say_nothing_new():
    table, truth = measured(4000)
    table = table.assign(lamost_rv=np.nan, rv_dsal1_err=9.0, rv_dsal1=table.rv_tm)
    best = best_of(table)
    assert best.rv_best_err.median() == pytest.approx(9.0)
    assert ((best.rv_best - truth) / best.rv_best_err).std() == pytest.approx(1.0, abs=0.03)


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
    whole = 1 / 81 + 1 / 400
    assert best.rv_best_err[both].iloc[0] == pytest.approx(np.sqrt((1 + 2 / 400 / whole) / whole + 144))


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


def test_tml7500_of_the_blue_arm_alone_has_no_vote():
    table, truth = measured(50)
    table = table.assign(rv_tm=np.nan, rv_tm_err=np.nan, tm_flag=16, rv_dsal1=np.nan, rv_dsal2=np.nan)
    table = table.assign(rv_tml7500=truth - 60.0, rv_tml7500_err=3.0, tml7500_flag=0)
    assert (best_of(table.assign(middle_flag=0)).rv_best_from.str.contains("TML7500")).any()
    best = best_of(table.assign(middle_flag=16))
    assert (best.rv_best_from == "LAMOST").all()
    np.testing.assert_allclose(best.rv_best, table.lamost_rv)


def test_rows_in_blocks_give_the_same_bytes(monkeypatch):
    table, _ = measured(500)
    whole = best_of(table)
    monkeypatch.setattr(room, "_ROWS_TOGETHER", 37)
    pd.testing.assert_frame_equal(best_of(table), whole, check_exact=True)
    assert len(best_of(table[:0])) == 0
