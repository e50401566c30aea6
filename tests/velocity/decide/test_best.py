"""TM and DSAL in one velocity, the zero point against Gaia, errors against repeats."""

import numpy as np
import pandas as pd
import pytest

from mstars.velocity.decide.best import best_velocity
from mstars.velocity.decide.zero_point import repeat_pulls, zero_point


def measured(n, seed=1):
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 40, n)
    table = pd.DataFrame({"rv_tm": truth + rng.normal(0, 9, n), "rv_tm_err": 9.0, "tm_flag": 0})
    for name in ("dsal1", "dsal2"):
        table[f"rv_{name}"], table[f"rv_{name}_err"], table[f"{name}_flag"] = truth + rng.normal(0, 9, n), 9.0, 0
        table[f"n_{name}"] = 8
    return table, truth


def test_two_velocities_that_agree_are_better_than_each():
    table, truth = measured(4000)
    best = best_velocity(table)
    assert (best.rv_best_from == "TM+DSAL").mean() > 0.98
    assert (best.rv_best - truth).std() < 0.75 * (table.rv_tm - truth).std()
    assert ((best.rv_best - truth) / best.rv_best_err).std() == pytest.approx(1.0, abs=0.05)


def test_few_lines_count_little_however_small_their_scatter():
    table, truth = measured(4000)
    rng = np.random.default_rng(2)
    # DSAL II of two lines: off by 32 km/s, and a standard deviation of 2
    table = table.assign(rv_dsal1=np.nan, rv_dsal1_err=np.nan, rv_dsal2=truth + rng.normal(0, 32, 4000))
    table = table.assign(rv_dsal2_err=2.0, n_dsal2=2)
    best = best_velocity(table)
    assert (best.rv_best_from == "TM+DSAL").mean() > 0.98
    assert (best.rv_best - truth).std() < (table.rv_tm - truth).std()
    assert ((best.rv_best - truth) / best.rv_best_err).std() == pytest.approx(1.0, abs=0.05)


def test_what_both_share_does_not_decide_their_weights():
    table, truth = measured(4000)
    table["rv_dsal1_err"] = 20.0
    wavelengths = np.random.default_rng(3).normal(0, 12, 4000)
    table["rv_tm"], table["rv_dsal1"] = table["rv_tm"] + wavelengths, table["rv_dsal1"] + wavelengths
    table["rv_tm_err"] = np.hypot(9.0, 12.0)
    best = best_velocity(table, common_kms=12.0)
    own = (table.rv_tm / 81 + table.rv_dsal1 / 400) / (1 / 81 + 1 / 400)
    np.testing.assert_allclose(best.rv_best[best.rv_best_from == "TM+DSAL"], own[best.rv_best_from == "TM+DSAL"])
    assert best.rv_best_err[0] == pytest.approx(np.sqrt(1 / (1 / 81 + 1 / 400) + 144))


def test_two_that_disagree_are_not_mixed():
    table, _ = measured(5)
    table.loc[0, "rv_dsal1"] += 300  # TM stays
    table.loc[1, ["rv_tm", "rv_tm_err", "tm_flag"]] = [np.nan, np.nan, 16]
    table.loc[2, "tm_flag"] = 1
    table.loc[3, ["rv_tm", "rv_dsal1", "rv_dsal2"]] = np.nan
    table.loc[4, ["rv_dsal1", "rv_dsal1_err"]] = np.nan  # DSAL II takes its place
    best = best_velocity(table)
    assert best.rv_best_from.tolist() == ["TM", "DSAL", "DSAL", "", "TM+DSAL"]
    assert best.rv_best[0] == table.rv_tm[0] and best.rv_best[1] == table.rv_dsal1[1]
    assert np.isnan(best.rv_best[3]) and np.isnan(best.rv_best_err[3])


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
