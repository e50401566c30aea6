"""The primary sample: the band of the diagram, and each reason to be left out."""

import numpy as np
import pandas as pd
import pytest

from mstars.engines.laspm.golden.selection import fit_band, reasons_against
from mstars.engines.laspm.golden.settings import Golden
from mstars.sky.gaia_criteria import excess_sigma, usual_excess

SETTINGS = Golden().model_dump()["selection"]


def stars(n=400):
    draws = np.random.default_rng(1)
    colour = draws.uniform(1.8, 3.4, n)
    return pd.DataFrame(
        {
            "spectrum_key": [f"k{number:04d}" for number in range(n)],
            "star_id": [f"s{number}" for number in range(n)],
            "row": np.arange(n, dtype=float),
            "rv": 10.0,
            "snri": 40.0,
            "source_id": pd.array(np.arange(n) + 1000, dtype="Int64"),
            "phot_g_mean_flux_over_error": 500.0,
            "phot_bp_mean_flux_over_error": 100.0,
            "phot_rp_mean_flux_over_error": 100.0,
            "bp_rp": colour,
            "phot_g_mean_mag": 15.0,
            "phot_bp_rp_excess_factor": usual_excess(colour),
            "phot_variable_flag": "NOT_AVAILABLE",
            "non_single_star": pd.array(np.zeros(n), dtype="Int64"),
            "ruwe": 1.0,
            "r_med_geo": 150.0,
            "bp_rp_0": colour,
            "M_G_0": 2.4 * colour + 3.5 + draws.normal(0, 0.3, n),
        }
    )


def test_the_band_follows_the_planted_line():
    table = stars(4000)
    band = fit_band(table["bp_rp_0"].to_numpy(), table["M_G_0"].to_numpy(), 1, 0.5, None)
    np.testing.assert_allclose(band.coefficients, [2.4, 3.5], atol=0.15)
    # a step of half a magnitude adds the slope within it to the scatter
    assert band.width == pytest.approx(np.hypot(0.3, 2.4 * 0.5 / np.sqrt(12)), rel=0.15)
    assert fit_band(np.empty(0), np.empty(0), 3, 0.5, 0.8).holds(np.array([2.0]), np.array([8.0])).tolist() == [False]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("row", np.nan, "no usable spectrum"),
        ("rv", np.nan, "no velocity"),
        ("snri", 9.9, "S/N_i too low"),
        ("source_id", pd.NA, "no Gaia match"),
        ("phot_bp_mean_flux_over_error", 15.0, "poor Gaia photometry"),
        ("phot_bp_rp_excess_factor", 2.5, "excess of BP and RP flux"),
        ("phot_bp_rp_excess_factor", 0.5, "excess of BP and RP flux"),
        ("ruwe", 1.5, "RUWE of a binary"),
        ("non_single_star", 2, "binary of Gaia"),
        ("phot_variable_flag", "VARIABLE", "variable of Gaia"),
        ("r_med_geo", 2500.0, "too far away or no distance"),
        ("M_G_0", np.nan, "no place in the colour-magnitude diagram"),
        ("M_G_0", 12.5, "outside the limits of the diagram"),
        ("star_id", "s7", "another spectrum of the star is better"),
    ],
)
def test_each_reason(column, value, reason):
    table = stars()
    table.loc[3, column] = value
    if column == "star_id":
        table.loc[3, "snri"] = 39.0
        table.loc[3, ["bp_rp_0", "M_G_0"]] = table.loc[7, ["bp_rp_0", "M_G_0"]]
    found, _ = reasons_against(table, SETTINGS, "dM")
    assert found[3] == reason and (found == "").mean() > 0.9


def test_cuts_with_gaia_s_marks_can_be_switched_off_and_what_is_not_known_is_no_reason():
    table = stars()
    off = {"excess_sigma": None, "ruwe_max": None, "non_single": False, "variable": False}
    table.loc[3, ["phot_bp_rp_excess_factor", "ruwe", "non_single_star"]] = 2.5, 3.0, 1
    table.loc[4, "phot_variable_flag"] = "VARIABLE"
    assert set(reasons_against(table, SETTINGS | off, "dM")[0][[3, 4]]) == {""}
    table = stars()
    table.loc[[3, 4], "phot_bp_rp_excess_factor"] = np.nan
    table.loc[[3, 4], "non_single_star"] = pd.NA
    table.loc[[3, 4], "phot_variable_flag"] = ""
    assert set(reasons_against(table, SETTINGS, "dM")[0][[3, 4]]) == {""}


def test_three_sigma_of_the_excess_factor_are_its_limit():
    table = stars()
    sigma = excess_sigma(15.0)
    table["phot_bp_rp_excess_factor"] += np.where(np.arange(len(table)) % 2 == 0, 2.9, -3.1) * sigma
    found = reasons_against(table, SETTINGS, "dM")[0]
    assert (found[1::2] == "excess of BP and RP flux").all() and (found[::2] != "excess of BP and RP flux").all()


def test_lists_and_the_band():
    table = stars()
    table.loc[5, "M_G_0"] += 1.5 * (1 if table.loc[5, "M_G_0"] < 10 else -1)
    found, _ = reasons_against(table, SETTINGS, "dM", binaries=[1003], variables=[1004])
    assert found[[3, 4, 5]].tolist() == [
        "in a list of binaries", "in a list of variables", "outside the band of the diagram"
    ]  # fmt: skip
    giants, _ = reasons_against(table, SETTINGS, "gM")
    assert (giants == "").mean() > 0.9


def test_nothing_to_select_from():
    found, band = reasons_against(stars()[:0], SETTINGS, "gM")
    assert len(found) == 0 and len(band.coefficients) == 0
