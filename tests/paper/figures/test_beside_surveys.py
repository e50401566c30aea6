"""Figures of Cycle-StarNet beside others, of made tables: they say what was planted."""

import numpy as np
import pandas as pd
import pytest
from figure_words import words

from mstars.literature.engine_labels import Source
from mstars.paper.figures.beside_surveys import (
    common_velocities,
    draw_binaries,
    draw_differences,
    draw_literature,
    draw_surveys,
    draw_velocities,
    shown_surveys,
)

N = 300


@pytest.fixture(scope="module")
def table():
    draws = np.random.default_rng(1)
    made = pd.DataFrame({"luminosity_class": np.where(np.arange(N) < 280, "dM", "gM"), "snri": 80.0})
    made = made.assign(bp_rp_0=draws.uniform(1.8, 3, N), M_G_0=draws.uniform(8, 12, N))
    made["teff_csn"], made["logg_csn"] = draws.uniform(3000, 4000, N), draws.uniform(4.6, 5.2, N)
    made["m_h_csn"] = draws.normal(-0.2, 0.2, N)
    made = made.assign(teff_ding2022=made["teff_csn"] - 68, logg_ding2022=made["logg_csn"], m_h_ding2022=0.0)
    made = made.assign(teff_li2021=made["teff_csn"] + 169, m_h_li2021=made["m_h_csn"] - 0.18)
    return made.assign(teff_b20=made["teff_csn"] - 12, m_h_b20=made["m_h_csn"] + 0.06)


def test_velocities_are_of_stars_with_good_ones_of_gaia():
    catalogue = pd.DataFrame({"spectrum_key": list("abcde"), "RV": [3.0, 4.0, 5.0, 6.0, 7.0]})
    gaia = pd.DataFrame({"spectrum_key": list("abcd"), "radial_velocity": [0.0, 1.0, 2.0, 3.0]})
    gaia = gaia.assign(radial_velocity_error=[1, 1, 1, 9], rv_expected_sig_to_noise=30.0)
    both = common_velocities(catalogue, gaia)
    assert len(both) == 3
    assert "+3.0 ± 0.0, n = 3" in words(draw_velocities(both))
    assert "no star with a good velocity" in words(draw_velocities(both[:2]))


def test_literature_says_offsets_by_label(table):
    sources = [Source("b20", "Birky et al.", "b20", "catalogue"), Source("ding2022", "Ding", "ding2022", "catalogue")]
    figure = draw_literature(table, sources)
    said = words(figure)
    assert "+12 ± 0, n = 280" in said and "S/N > 50: +12" in said and "-0.06 ± 0.00" in said
    assert "Birky et al." in said and "Ding" not in said and len(figure.missing) == 1  # no log g


def test_works_beside_each_other(table):
    assert shown_surveys(table) == {"Cycle-StarNet": "csn", "ULySS": "ding2022", "SLAM": "li2021"}
    assert shown_surveys(table.assign(teff_slam=1.0))["SLAM"] == "slam"
    figure = draw_surveys(table)
    points = [axes.collections[0].get_offsets() for axes in figure.axes[:6] if axes.collections]
    assert [len(one) for one in points] == [280] * 5 and len(figure.missing) == 1  # SLAM has no log g
    said = words(draw_differences(table))
    assert "+68 ± 0, n = 280" in said and "-169 ± 0" in said and "+0.18 ± 0.00" in said and "SLAM has none" in said


def test_binaries_by_signal_to_noise():
    rows = {"engine": "csn", "group": "FGK+M", "criteria": "zhang2025", "m_h_2": np.linspace(-1, 0.4, 40)}
    pairs = pd.DataFrame(rows)
    pairs["difference"] = np.resize([0.1, -0.02], 40)
    pairs["m_h_1"] = pairs["m_h_2"] + pairs["difference"]
    figure = draw_binaries(pairs)
    assert "+0.04 ± 0.06, n = 40" in words(figure) and len(figure.missing) == 2
