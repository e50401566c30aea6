"""The photometry of a survey."""

import numpy as np
import pandas as pd
import pytest
from made_sky import good_gaia

from mstars.core.config.whole import filled
from mstars.sky.photometry import photometry

SETTINGS = filled({})["photometry"]


def matched(n=3):
    gaia = good_gaia(n).assign(
        spectrum_key=[f"k{i}" for i in range(n)], ra=180.0, dec=30.0, r_med_geo=100.0, phot_g_mean_mag=14.0, bp_rp=2.0
    )
    gaia["source_id"] = pd.array([1] * n, dtype="Int64")
    wise = pd.DataFrame({"spectrum_key": gaia["spectrum_key"], "w1mpro": 10.0, "w2mpro": 9.8})
    return gaia, wise.assign(w1sigmpro=0.02, w2sigmpro=0.03)


def test_the_table_without_a_map(tiny_map):
    gaia, wise = matched()
    table = photometry(gaia, wise, None, SETTINGS)
    assert table["ebv"].isna().all()
    assert table["M_G_0"].isna().all()
    assert (table["CMD_pos"] == "").all()
    zero = photometry(gaia, wise, None, SETTINGS | {"missing_ebv": "zero"})
    assert zero["ebv"].isna().all()
    assert zero["M_G_0"].tolist() == [9.0] * 3
    assert zero["CMD_pos"].tolist() == ["dM"] * 3
    assert zero["W1_W2_0"].to_numpy() == pytest.approx(0.2)


def test_only_reliable_sources_have_a_place_and_unmatched_ones_are_null(tiny_map):
    gaia, wise = matched()
    gaia.loc[1, "ruwe"] = 2.0
    gaia.loc[2, ["ruwe", "bp_rp", "r_med_geo", "phot_g_mean_mag", "ra", "dec"]] = np.nan
    gaia.loc[2, "source_id"] = pd.NA
    table = photometry(gaia, wise[:2], tiny_map, SETTINGS)
    assert table["CMD_flag"].tolist()[:2] == [1, 0]
    assert table["CMD_flag"].isna().tolist() == [False, False, True]
    assert table["CMD_pos"].tolist() == ["dM", "", ""]
    ebv = 0.884 * 0.1  # 100 pc: modulus 5, one magnitude beyond the first edge
    assert table["ebv"][0] == pytest.approx(ebv, rel=1e-4)
    assert table["bp_rp_0"][0] == pytest.approx(2.0 - (3.0080 - 1.9852) * ebv, abs=1e-4)
    assert table["M_G_0"][0] == pytest.approx(9.0 - 2.3691 * ebv, abs=1e-4)
    assert table["W1_W2_0"][0] == pytest.approx(0.2 - 0.056 * ebv, abs=1e-6)
    assert table["ebv_flag"].tolist()[:2] == [0, 0]
    assert table["e_W1"].isna().tolist() == [False, False, True]


def test_absent_catalogues_make_a_table_of_nulls(tiny_map, tmp_path):
    from mstars.files.tables import read_table, write_table
    from mstars.sky.allwise import match_allwise
    from mstars.sky.gaia import match_gaia

    config = filled({})
    rows = pd.DataFrame({"spectrum_key": ["a", "b"], "ra": 10.0, "dec": 20.0, "obsdate": "2012-01-01", "mjd": 55927})
    rows["gaia_source_id"] = pd.array([pd.NA, pd.NA], dtype="Int64")
    write_table(match_gaia(rows, None, None, config["crossmatch"]), tmp_path / "gaia.parquet")
    gaia = read_table(tmp_path / "gaia.parquet")
    write_table(match_allwise(rows, gaia, None, config["crossmatch"]), tmp_path / "allwise.parquet")
    for dust_map in (None, tiny_map):
        table = photometry(gaia, read_table(tmp_path / "allwise.parquet"), dust_map, SETTINGS)
        assert table["spectrum_key"].tolist() == ["a", "b"]
        values = table.drop(columns="spectrum_key")
        assert ((values.isna()) | (values == "")).all(axis=None)
