"""The catalogue of stars: repeats combined, classes and flags."""

import numpy as np
import pandas as pd
import pytest

from mstars.catalog.columns import product_columns, product_table
from mstars.catalog.stars import NEEDED, likely_binary, star_table


def repeats():
    """Star a: three spectra, one without an error and one not to be used; b: none with an error; c: one spectrum."""
    table = pd.DataFrame({"star_id": ["b", "a", "a", "a", "b", "c", "a"], "spectrum_key": [f"k{i}" for i in range(7)]})
    table["rv"] = [10.0, 1.0, 3.0, 99.0, 20.0, 5.0, 50.0]
    table["rv_err"] = [np.nan, 1.0, 2.0, np.nan, np.nan, 3.0, 1.0]
    table["rv_flag"] = pd.array([1, 1, 1, 1, 1, 1, 0], dtype="Int16")
    table["parameter_flag"] = pd.array([1, 1, 1, 0, 0, 0, 1], dtype="Int16")
    for name in ("teff", "logg", "m_h", "alpha_m"):
        table[name], table[f"{name}_err"] = [3500.0, 3600.0, 3700.0, 0.0, 0.0, 0.0, 3800.0], 10.0
    table["snr_i"] = [5.0, 30.0, 10.0, 20.0, 50.0, np.nan, 8.0]
    table["luminosity_class"] = ["dM", "gM", "dM", "dM", "gM", "gM", "dM"]
    table["ra"] = np.arange(7.0)
    for name in ("dec", "r_med_geo", "ebv", "bp_rp_0", "M_G_0", "W1_W2_0", "e_W1", "e_W2"):
        table[name] = 0.5
    for name in ("ebv_flag", "CMD_flag", "source_id"):
        table[name] = pd.array([1] * 7, dtype="Int64")
    return table.assign(CMD_pos="dM")


def test_repeats_are_combined_by_their_errors():
    stars = product_table(star_table(repeats()), product_columns("stars")).set_index("star_id")
    assert stars.index.tolist() == ["a", "b", "c"]
    a, b, c = (stars.loc[name] for name in "abc")
    # weights 1 and 1/4 of 1 and 3; the spectrum without an error and the one not recommended take no part
    assert (a["rv"], a["rv_n"], a["n_spectra"]) == (pytest.approx(1.4), 2, 4)
    assert a["rv_err"] == pytest.approx(1 / np.sqrt(1.25))
    assert a["rv_scatter"] == pytest.approx(np.sqrt(2))
    assert a["rv_p"] == pytest.approx(0.3711, abs=1e-3)  # chi2 = 0.8 with one degree of freedom
    assert (b["rv"], b["rv_n"]) == (15.0, 2)
    assert np.isnan(b["rv_err"]) and np.isnan(b["rv_p"])
    assert (c["rv"], c["rv_err"], c["rv_n"]) == (5.0, 3.0, 1)
    assert np.isnan(c["rv_scatter"]) and np.isnan(c["rv_p"])
    assert (a["parameter_n"], b["parameter_n"], c["parameter_n"]) == (3, 1, 0)
    assert (a["teff"], b["teff"]) == (3700.0, 3500.0)
    assert np.isnan(c["teff"])


def test_a_star_takes_its_best_spectrum_and_the_class_of_most():
    stars = star_table(repeats()).set_index("star_id")
    assert stars["best_spectrum"].tolist() == ["k1", "k4", "k5"]
    assert stars["ra"].tolist() == [1.0, 4.0, 5.0]
    assert stars["luminosity_class"].tolist() == ["dM", "gM", "gM"]  # 3 of 4; a tie: the best spectrum's
    assert stars["class_agrees"].tolist() == [0, 0, 1]


def test_other_columns_of_the_catalogue_are_not_needed():
    pd.testing.assert_frame_equal(star_table(repeats()[list(NEEDED)]), star_table(repeats()))


def test_every_spectrum_is_of_one_star():
    rows = repeats()
    assert star_table(rows)["n_spectra"].sum() == len(rows)
    assert len(star_table(rows[:0])) == 0


def test_variable_and_binary_flags_are_null_where_nothing_is_known():
    table = repeats()
    rows = table[table["star_id"] == table["star_id"].iloc[0]]
    steady = rows.assign(rv=10.0, rv_err=1.0, rv_flag=1)
    moving = steady.assign(star_id="moving", rv=10.0 + 20.0 * np.arange(len(steady)))
    single = steady.iloc[:1].assign(star_id="single")
    found = star_table(pd.concat([steady, moving, single], ignore_index=True)).set_index("star_id")["rv_variable"]
    assert found.loc["moving"] == 1 and found.drop(["moving", "single"]).tolist() == [0] and found.isna()["single"]
    assert likely_binary(pd.Series([1.0, 1.5, np.nan])).tolist() == [0, 1, pd.NA]
    assert likely_binary(pd.Series([pd.NA, 2.0], dtype="Float64")).tolist() == [pd.NA, 1]
    assert likely_binary(pd.Series([None], dtype=object)).isna().all()
