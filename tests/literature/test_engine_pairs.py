"""Pairs of sources: planted offsets, scatter and trends come back; whose scale, which stars; odd inputs."""

import numpy as np
import pandas as pd
import pytest

from mstars.literature.engine_labels import Source, labels_side_by_side, sources_of
from mstars.literature.engine_pairs import HEADS, LEAST, compare_sources

N = 6000
SOURCES = [
    Source("cnn", "CNN", "apogee_dr16", "engine"),
    Source("slam", "SLAM", "apogee_dr16", "engine"),
    Source("laspm", "LASPM", "starhorse", "engine"),
    Source("apogee", "APOGEE", "apogee_dr16", "reference"),
]


def made(seed=3):
    """slam is 40 K above cnn, laspm 90 K below with 60 K per 1000 K; slam lacks giants and log g."""
    rng = np.random.default_rng(seed)
    teff, m_h = rng.uniform(3100, 4000, N), rng.uniform(-1, 0.4, N)
    table = pd.DataFrame(
        {
            "spectrum_key": [f"{k:05d}" for k in range(N)],
            "luminosity_class": np.where(np.arange(N) < N - 1000, "dM", "gM"),
            "snri": rng.uniform(5, 150, N),
            "teff_cnn": teff + rng.normal(0, 30, N),
            "m_h_cnn": m_h + rng.normal(0, 0.05, N),
            "teff_slam": teff + 40 + rng.normal(0, 40, N),
            "m_h_slam": m_h + rng.normal(0, 0.1, N),
            "teff_laspm": teff - 90 + 0.06 * (teff - 3550) + rng.normal(0, 50, N),
            "teff_apogee": np.where(np.arange(N) % 3 == 0, teff, np.nan),
            "m_h_apogee": np.where(np.arange(N) % 3 == 0, m_h + 0.1 * (m_h < -0.5), np.nan),
        }
    )
    table.loc[table["luminosity_class"] == "gM", ["teff_slam", "m_h_slam"]] = np.nan
    table.loc[: N // 10, "teff_laspm"] = np.nan
    return table


def row(found, first, second, label="teff", kind="dM", stars="own", by="all", **where):
    rows = found[(found["first"] == first) & (found["second"] == second) & (found["label"] == label)]
    rows = rows[(rows["kind"] == kind) & (rows["stars"] == stars) & (rows["by"] == by)]
    for name, value in where.items():
        rows = rows[rows[name] == value]
    return rows


def test_planted_offsets_scatter_and_trends_come_back():
    found = compare_sources(made(), SOURCES)
    assert list(found) == list(HEADS)
    one = row(found, "cnn", "slam").iloc[0]
    assert abs(one["median"] + 40) < 4 * one["median_err"] and one["robust_std"] == pytest.approx(50, rel=0.05)
    assert (
        one["mean"] == pytest.approx(-40, abs=4) and one["std"] == pytest.approx(50, rel=0.05) and one["n"] == N - 1000
    )
    trend = row(found, "cnn", "laspm").iloc[0]
    assert abs(trend["slope_teff"] + 60) < 4 * trend["slope_teff_err"] and trend["slope_teff_err"] < 6
    assert abs(one["slope_teff"]) < 4 * one["slope_teff_err"] and abs(one["slope_m_h"]) < 4 * one["slope_m_h_err"]
    steps = row(found, "cnn", "laspm", by="teff")
    assert steps.iloc[0]["median"] > steps.iloc[-1]["median"] + 30
    assert len(row(found, "cnn", "slam", by="snri")) == 4


def test_each_row_says_whose_scale_and_which_stars():
    found = compare_sources(made(), SOURCES)
    one = row(found, "slam", "laspm").iloc[0]
    assert (one["first_scale"], one["second_scale"]) == ("apogee_dr16", "starhorse")
    own, common = row(found, "cnn", "slam").iloc[0], row(found, "cnn", "slam", stars="common").iloc[0]
    assert common["n"] == N - 1000 - (N // 10 + 1) < own["n"]
    # giants: slam has none, so it does not count among those that must have them
    assert row(found, "cnn", "laspm", kind="gM", stars="common").iloc[0]["n"] == 1000
    assert not len(row(found, "cnn", "slam", kind="gM")) and not len(found[found["second"] == "cnn"])


def test_regions_with_few_data_are_of_the_references_label():
    found = compare_sources(made(), SOURCES)
    poor = row(found, "cnn", "apogee", "m_h", by="region").iloc[0]
    assert poor["median"] == pytest.approx(-0.1, abs=0.02) and (poor["low"], poor["high"]) == (-1.1, -0.5)
    assert not len(row(found, "cnn", "slam", "m_h", by="region"))


def test_few_or_no_common_spectra_give_no_row_and_no_error():
    table = made()
    table.loc[LEAST - 1 :, "teff_slam"] = np.nan
    found = compare_sources(table, SOURCES)
    assert not len(row(found, "cnn", "slam")) and len(row(found, "cnn", "laspm"))
    assert len(compare_sources(table.iloc[:0], SOURCES)) == 0
    alone = compare_sources(table, [SOURCES[0]])
    assert len(alone) == 0 and list(alone) == list(HEADS)


def test_labels_of_labelled_stars_are_held_out_and_the_unrecommended_are_left_out():
    keys = pd.DataFrame({"spectrum_key": list("abcd"), "luminosity_class": "dM", "snri": 50.0})
    parameters = pd.DataFrame({"spectrum_key": list("dcba")})
    for label in ("teff", "logg", "m_h", "alpha_m"):
        parameters = parameters.assign(
            **{label: [4.0, 3.0, 2.0, 1.0], f"{label}_calib_err": 0.1, f"{label}_oof": np.nan}
        )
    parameters.loc[2, "teff_oof"] = 2.5
    flags = pd.DataFrame({"spectrum_key": list("abcd"), "parameter_flag": [1, 1, 0, 1]})
    apogee = pd.DataFrame(
        {"spectrum_key": ["b", "b"], "TEFF": [3500.0, 1.0], "LOGG": -9999.0, "M_H": 0.1, "ALPHA_M": 0.0}
    )
    other = {"b20": pd.DataFrame({"spectrum_key": ["a"], **{f"{x}_catalog": [9.0] for x in ("teff", "m_h")}})}
    other["b20"] = other["b20"].assign(logg_catalog=np.nan, alpha_m_catalog=np.nan)
    found = labels_side_by_side(keys, {"cnn": (parameters, flags)}, apogee, other)
    assert found["spectrum_key"].tolist() == list("abcd")
    np.testing.assert_array_equal(found["teff_cnn"], [1.0, 2.5, np.nan, 4.0])
    np.testing.assert_array_equal(found["teff_apogee"], [np.nan, 3500.0, np.nan, np.nan])
    assert found["logg_apogee"].isna().all() and "logg_b20" not in found and found["teff_b20"].tolist()[0] == 9.0


def test_a_catalogue_of_an_engines_name_has_another_and_its_own_scale():
    found = sources_of(["cnn", "laspm"], {"laspm": "LASPM", "b20": "B20"}, simulated=True)
    assert [one.name for one in found] == ["cnn", "laspm", "apogee", "truth", "laspm_paper", "b20"]
    assert [one.scale for one in found] == ["apogee_dr16", "starhorse", "apogee_dr16", "truth", "laspm_paper", "b20"]
