"""The primary sample: the band of the diagram, and each reason to be left out."""

import numpy as np
import pandas as pd
import pytest

from mstars.engines.laspm.golden.selection import fit_band, reasons_against
from mstars.engines.laspm.golden.settings import Golden

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
        ("ruwe", 1.5, "RUWE of a binary"),
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
