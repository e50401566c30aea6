"""The paper's numbers from this survey."""

import numpy as np
import pandas as pd
import pytest
from made_results import decisions

from mstars.core.labels import LABELS
from mstars.paper.numbers import (
    average_accuracy,
    catalog_numbers,
    compare_numbers,
    dgcm_numbers,
    literature_numbers,
    paper_numbers,
    rv_numbers,
    scm_numbers,
    velocity_numbers,
)


def scm():
    v1 = pd.DataFrame({"spectrum_key": list("abcd"), "lamost_class": ["dM", "dM", "gM", "gM"]})
    v1 = v1.assign(spt_class=["M", "K", "G", "M"], wdm_class="M")
    non_m = pd.DataFrame({"spectrum_key": ["e"], "spt_class": ["QSO"], "wdm_class": ["WD"]})
    photometry = pd.DataFrame({"spectrum_key": list("abcde"), "CMD_flag": [1, 1, 1, 1, 0]})
    photometry["CMD_pos"] = ["dM", "other", "gM", "gM", "other"]
    return v1, non_m, photometry


def test_scm_counts_follow_the_papers_definitions():
    v1, non_m, photometry = scm()
    gaia = pd.DataFrame({"source_id": pd.array([1, 1, 2, None, 3], "Int64")})
    catalog = pd.DataFrame({"lamost_class": ["dM", "dM", "gM", "gM", "gM"]})
    numbers = scm_numbers(catalog, gaia, photometry, non_m, decisions(["qso", "M"]), v1, non_m)
    assert (numbers["n_input"], numbers["n_input_gm"], numbers["gaia_spectra"], numbers["gaia_sources"]) == (5, 3, 4, 3)
    assert numbers["spt_not_k_m"] == 2  # G and QSO: a K prediction is no candidate
    assert numbers["cmd_outside"] == 1  # only where CMD_flag is 1
    assert (numbers["wdm_wd"], numbers["scm_qso"], numbers["scm_M"], numbers["scm_galaxy"]) == (1, 1, 1, 0)


def test_dgcm_counts_what_was_corrected_each_way():
    v1, non_m, photometry = scm()
    v2 = v1.assign(luminosity_class=["dM", "gM", "dM", "gM"], dmgm_class=["dM", "gM", "gM", "gM"])
    nothing = v2.iloc[:0]
    numbers = dgcm_numbers(v1, photometry, v2, decisions(["gM", "gM", "dM", "dM"]), v2, non_m, nothing)
    assert (numbers["gm_to_dm"], numbers["dm_to_gm"], numbers["class_corrected"]) == (1, 1, 2)
    assert (numbers["cnn_gm_v1"], numbers["cmd_gm"], numbers["n_non_m"], numbers["dgcm_gM"]) == (3, 2, 1, 2)


def test_rv_numbers_and_the_share_that_one_method_alone_confirms():
    selection = pd.DataFrame({"lamost_rv": 0.0, "rv_dsal1": [0.0, 50, np.nan, 0], "rv_dsal2": [0.0, 0, 99, 0]})
    selection = selection.assign(in_tm_band=[True, True, False, False], candidate=[False, False, True, False])
    band = {"mean": 0.0, "sigma": 10.0, "k": 2, "own": True, "n_outside": 1}
    summary = rv_summary(band)
    v3 = pd.DataFrame(
        {"rv_paper_from": ["LAMOST", "TM", "NoRV_waveErr"], "obsdate": ["2011-12-01", "2012-01-14", "2012-01-15"]}
    )
    numbers = rv_numbers(selection, summary, decisions(["TM", "LAMOST"]), v3, rv_cut="2012-01-14")
    assert numbers["tm_not_dsal"] == pytest.approx(100 / 3) and numbers["dsal_not_tm"] == pytest.approx(100 / 3)
    # 50 km/s lie within the paper's band of DSAL I, 5 +- 58
    assert numbers["tm_not_dsal_fig10"] == 0 and numbers["dsal_not_tm_fig10"] == pytest.approx(100 / 3)
    assert (numbers["rv_suspect"], numbers["rv_updated"], numbers["rv_none"], numbers["before_2012"]) == (3, 1, 1, 2)
    assert numbers["rv_suspect"] + numbers["rv_fast"] == numbers["rv_candidates"]
    assert (numbers["dsal1_sigma"], numbers["dsal1_sigma_all"], numbers["outside_dsal2_all"]) == (30, 10, 1)
    earlier = rv_numbers(selection, summary, decisions(["TM"]), v3, rv_cut="2012-01-13")
    assert earlier["before_2012"] == 1
    assert numbers["tm_sigma"] == 10 and numbers["rv_TM"] == 1 and numbers["rv_DSEL"] == 0
    summary["dsal_bands"]["outside"]["dsal2"]["own"] = False
    assert np.isnan(rv_numbers(selection, summary, decisions(["TM"]), v3, rv_cut="2012-01-14")["dsal2_mean"])


def rv_summary(band):
    """What RVMM's selection writes, with bands of the spectra outside TM's three times as wide."""
    choices = {"all": band, "outside": band | {"sigma": 3 * band["sigma"]}}
    bands = {choice: {name: dict(of) for name in ("dsal1", "dsal2")} for choice, of in choices.items()}
    counts = {"n_suspect": 3, "n_fast": 3, "n_candidates": 6, "n_without_dsal": 1, "n_no_lamost_rv": 0}
    return counts | {"bands": {"tm": dict(band)} | bands["all"], "dsal_bands": bands}


def catalog():
    table = pd.DataFrame({"spectrum_key": list("abc"), "luminosity_class": ["dM", "dM", "gM"], "rv_flag": [1, 0, 1]})
    table = table.assign(
        parameter_flag=[1, 0, 1], rv=[10.0, 20, 30], rv_paper_err=[4.0, 100, 6], rv_paper_from="LAMOST"
    )
    for label in LABELS:
        table[label], table[f"{label}_spread"] = [1.0, 2.0, 3.0], [0.1, 9.0, 0.3]
    for band in "ugriz":
        table[f"snr_{band}"], table[f"orp_{band}"] = 30.0, 0.0
    return table


def test_catalogue_numbers_use_recommended_values_only():
    numbers = catalog_numbers(catalog(), {"recomputed": {"dM": {"teff": [3225, 4125]}}})
    assert numbers["rv_flag_share"] == pytest.approx(200 / 3) and numbers["parameter_flag_share_dm"] == 50
    assert numbers["rv_err_dm"] == 4 and numbers["teff_err_dm"] == pytest.approx(0.1)
    assert numbers["teff_high_dm"] == 4125 and np.isnan(numbers["logg_low_gm"])
    empty = catalog_numbers(catalog().iloc[:0], {})
    assert np.isnan(empty["rv_flag_share"]) and empty["parameter_flag_gm"] == 0


def test_velocities_against_gaia_are_means_and_population_deviations():
    gaia = pd.DataFrame({"spectrum_key": list("abc"), "radial_velocity": [11.0, 0, 33]})
    gaia = gaia.assign(radial_velocity_error=1.0, rv_expected_sig_to_noise=30.0)
    numbers = velocity_numbers(catalog(), gaia, pd.DataFrame({"spectrum_key": ["a"], "lamost_rv": [1.0]}))
    assert numbers["gaia_rv_mean"] == pytest.approx(-2) and numbers["gaia_rv_sigma"] == pytest.approx(1)


def test_average_accuracy_is_per_true_class():
    assert average_accuracy(pd.DataFrame({"truth": ["M", "M", "WD"], "predicted": ["M", "WD", "WD"]})) == 75
    assert np.isnan(average_accuracy(pd.DataFrame({"truth": [], "predicted": []})))


def test_counts_are_compared_as_shares_of_the_input_and_signed_numbers_by_difference():
    ours = {"n_input": 8761.34, "n_v1": 4361.14, "gaia_rv_mean": -6.0, "gaia_rv_sigma": 22.0, "logg_low_gm": 0.45}
    table = compare_numbers(ours).set_index("key")
    assert table.loc["n_v1", "ratio"] == pytest.approx(0.5) and np.isnan(table.loc["n_v1", "difference"])
    assert table.loc["gaia_rv_sigma", "ratio"] == pytest.approx(2)
    assert table.loc["gaia_rv_mean", "difference"] == -1 and np.isnan(table.loc["gaia_rv_mean", "ratio"])
    assert table.loc["logg_low_gm", "difference"] == pytest.approx(0.5)
    assert set(table["compared"]) == {"count", "ratio", "difference"}


def test_every_literature_number_of_the_paper_is_computed():
    wanted = [
        key
        for key in paper_numbers()["key"]
        if key.split("_")[0] in ("laspm", "li2021", "qiu2023") and "apogee" not in key
    ]
    rows = [("laspm", kind, label) for kind in ("dM", "gM") for label in ("teff", "logg", "m_h")]
    rows += [("li2021", "dM", "teff"), ("li2021", "dM", "m_h")]
    rows += [("qiu2023", "gM", label) for label in ("teff", "logg", "m_h", "alpha_m")]
    table = pd.DataFrame(rows, columns=["catalog", "kind", "label"])
    table = table.assign(pair="catalog-this", snr="all", mean=1.0, std=2.0)
    found = literature_numbers(pd.concat([table, table.assign(pair="this-apogee", mean=9.0)]))
    assert sorted(found) == sorted(wanted) and found["laspm_teff_mean_dm"] == 1 and found["laspm_teff_sigma_gm"] == 2
