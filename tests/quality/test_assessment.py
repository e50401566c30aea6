import numpy as np
import pandas as pd
import pytest

from mstars.engines.cnn.info import INFO
from mstars.quality.assessment import Measured, assess_parameters, quality_table
from mstars.quality.error_limits import LABELS, excess_error, fit_errors, interval_name, passes_errors, snr_interval
from mstars.quality.ranges import TABLE_10, inside_ranges, recompute_ranges, reliable_members
from mstars.quality.recommended import parameter_flags, rv_flag

PLANE = np.array([30.0, -0.05, 2e-3, 1.0, -4.0, 6.0])


def sample(n=4000, seed=1, noise=1.0):
    """Errors on a plane (Eq. 3) with Gaussian scatter, in both classes."""
    generator = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "spectrum_key": [f"k{number:05d}" for number in range(n)],
            "luminosity_class": np.where(np.arange(n) % 3 == 0, "gM", "dM"),
            "snr_i": generator.uniform(0.5, 150, n),
            "teff": generator.uniform(3450, 4050, n),
            "m_h": generator.uniform(-0.8, 0.3, n),
            "alpha_m": generator.uniform(0.0, 0.2, n),
        }
    )
    table["logg"] = np.where(table["luminosity_class"] == "gM", generator.uniform(0, 1.5, n), 4.8)
    table["logg"] += generator.normal(0, 0.01, n)
    design = np.column_stack([np.ones(n), table[["snr_i", *LABELS]].to_numpy()])
    for label in LABELS:
        table[f"{label}_err"] = design @ PLANE + generator.normal(0, noise, n)
    return table.assign(no_rv=False, simulation_trained=False)


def assess(catalog, parameters, photometry, apogee, settings):
    """Both steps of the quality stage, for the engine cnn."""
    measured = Measured(INFO.labels, INFO.ranges, INFO.clearing(), with_errors=True)
    tables = (catalog, parameters, photometry, apogee)
    flags, summary = assess_parameters(*tables, measured=measured, settings=settings)
    return quality_table(catalog, flags, settings["rv_cut"]), summary["fits"], summary["ranges"]


def test_rv_flag_counts_the_day_of_the_cut_as_before():
    days = ["2012-01-13", "2012-01-14", "2012-01-15", "2012-01-15T22:00:00", None, "", "2013-05-01"]
    rv = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, np.nan]
    assert rv_flag(rv, days, "2012-01-14").tolist() == [0, 0, 1, 1, 0, 0, 0]
    assert rv_flag(rv, days, "2012-01-13").tolist() == [0, 1, 1, 1, 0, 0, 0]
    assert rv_flag(rv, days, "2012-01-15").tolist() == [0, 0, 0, 0, 0, 0, 0]


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


def test_parameter_flag_needs_snr_all_four_errors_and_the_ranges():
    table = sample()
    fits = fit_errors(table)
    table.loc[0, "snr_i"] = 0.0
    table.loc[1, "alpha_m_err"] += 100
    table.loc[2, "teff"] = 4125.5
    table.loc[3, "no_rv"] = True
    table.loc[4, "simulation_trained"] = True
    table.loc[5, "m_h"] = np.nan
    flags = parameter_flags(table, fits, TABLE_10)
    assert flags["parameter_flag"][:6].tolist() == [0] * 6
    assert flags["parameter_reasons"][:6].tolist() == [
        "snr_i", "error_alpha_m", "range_teff", "no_rv", "simulation_trained", "no_parameters",
    ]  # fmt: skip
    assert flags["parameter_flag"][6:].mean() > 0.97
    assert set(flags.loc[flags["parameter_flag"] == 1, "parameter_reasons"]) == {""}


def test_limits_of_table_10_are_inclusive_and_per_class():
    table = pd.DataFrame({"luminosity_class": ["dM", "dM", "gM", ""], "teff": [3225.0, 3224.9, 3300.0, 3500.0]})
    table = table.assign(logg=[4.35, 4.4, 1.55, 1.0], m_h=0.0, alpha_m=[0.25, 0.26, 0.31, 0.1])
    inside = inside_ranges(table, TABLE_10)
    assert inside["teff"].tolist() == [True, False, False, False]
    assert inside["logg"].tolist() == [True, True, True, False]
    assert inside["alpha_m"].tolist() == [True, False, True, False]


def test_reliable_members_agree_in_all_three_classes():
    table = pd.DataFrame({"ASPCAP_CLASS": ["Md_a", "GKd_b", "Mg_c", "Md_a", None, "Md_a"]})
    table = table.assign(luminosity_class="dM", CMD_pos=["dM", "dM", "dM", "gM", "dM", "dM"], passed=True, snr_i=25.0)
    for band in "urgz":
        table[f"snr_{band}"] = 3.0
    table.loc[5, "snr_u"] = 0.0
    assert reliable_members(table).tolist() == [True, True, False, False, False, False]


def test_recomputed_ranges_are_edges_of_full_bins():
    generator = np.random.default_rng(3)
    members = pd.DataFrame({"luminosity_class": "dM", "teff": generator.uniform(3225, 4125, 5000)})
    members["logg"], members["m_h"] = generator.uniform(4.35, 5.45, 5000), generator.uniform(-0.85, 0.35, 5000)
    members["alpha_m"] = generator.uniform(-0.13, 0.25, 5000)
    members.loc[0, "teff"] = 2500.0
    ranges = recompute_ranges(members)
    for label, limits in TABLE_10["dM"].items():
        assert ranges["dM"][label] == pytest.approx(limits)
    assert ranges["gM"] == TABLE_10["gM"]


def test_assess_keeps_every_row_in_order():
    table = sample(900)
    catalog = table[["spectrum_key", "luminosity_class"]].assign(obsdate="2013-01-01", rv=5.0)
    catalog = catalog.assign(snri=table["snr_i"], snru=1.0, snrg=1.0, snrr=1.0, snrz=1.0).iloc[::-1]
    parameters = table.drop(columns=["luminosity_class", "snr_i"]).assign(flag=32)[:890]
    parameters.loc[0, "flag"] = 8
    photometry = table[["spectrum_key"]].assign(CMD_pos=table["luminosity_class"])
    apogee = table[["spectrum_key"]].assign(ASPCAP_CLASS=np.where(table["luminosity_class"] == "dM", "Md_a", "GKg_a"))
    settings = {"rv_cut": "2012-01-14", "sigma": 3, "min_rows": 30, "ranges": "recomputed", "range_min_members": 5}
    result, fits, ranges = assess(catalog, parameters, photometry, apogee, settings=settings)
    assert result["spectrum_key"].tolist() == catalog["spectrum_key"].tolist()
    indexed = result.set_index("spectrum_key")
    assert indexed.loc["k00000", "parameter_reasons"].startswith("simulation_trained")
    assert indexed.loc["k00895", "parameter_reasons"] == "no_parameters"
    assert ranges["used"] == ranges["recomputed"] and ranges["members"]["dM"] > 300
    assert set(fits) == {"dM", "gM"} and (result["rv_flag"] == 1).all()


def test_a_survey_without_external_catalogues_or_giants_is_assessed():
    table = sample(300)
    table = table[table["luminosity_class"] == "dM"].reset_index(drop=True)
    catalog = table[["spectrum_key", "luminosity_class"]].assign(obsdate="2013-01-01", rv=np.nan, snri=table["snr_i"])
    catalog = catalog.assign(snru=-9999.0, snrg=1.0, snrr=np.nan, snrz=1.0)
    parameters = table.drop(columns=["luminosity_class", "snr_i"]).assign(flag=9)
    nothing = pd.DataFrame({"spectrum_key": table["spectrum_key"], "CMD_pos": None, "ASPCAP_CLASS": None})
    settings = {"rv_cut": "2012-01-14", "sigma": 3, "min_rows": 30, "ranges": "table_10", "range_min_members": 5}
    result, fits, ranges = assess(
        catalog,
        parameters,
        nothing[["spectrum_key", "CMD_pos"]],
        nothing[["spectrum_key", "ASPCAP_CLASS"]],
        settings=settings,
    )
    assert (result["rv_flag"] == 0).all() and (result["parameter_flag"] == 0).all()
    assert result["parameter_reasons"].str.startswith("no_rv;simulation_trained").all()
    assert ranges["members"] == {"dM": 0, "gM": 0} and ranges["recomputed"]["dM"] == TABLE_10["dM"] and fits["gM"] == {}
