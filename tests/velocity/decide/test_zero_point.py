"""The zero point, and errors against repeats."""

import numpy as np
import pandas as pd
import pytest

from mstars.velocity.decide.zero_point import repeat_pulls, zero_point


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
