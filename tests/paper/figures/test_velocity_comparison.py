"""Velocity figures."""

import numpy as np
import pandas as pd
from figure_words import gaia_table, velocities, words

from mstars.paper.figures.style import save
from mstars.paper.figures.velocity_comparison import comparisons, draw_gaia_comparison, draw_rv_comparison


def test_the_rv_panel_counts_what_lies_outside_its_band():
    assert velocities().outside == 7
    assert "100 spectra, 7 outside" in words(draw_rv_comparison([velocities()]))


def test_figure_10_compares_dsal_only_outside_the_tm_band():
    selection = pd.DataFrame(
        {
            "lamost_rv": [0.0, 0.0, 0.0, np.nan],
            "rv_tm": [1.0, 90.0, 95.0, 5.0],
            "rv_dsal1": [2.0, 90.0, np.nan, 1.0],
            "rv_dsal2": [3.0, 80.0, 70.0, 2.0],
            "dsal_used": ["", "I", "II", ""],
        }
    )
    band = {"mean": 3.63, "sigma": 11.95, "k": 3}
    tm, first, second = comparisons(selection, {"tm": band, "dsal1": band, "dsal2": {**band, "sigma": None}})
    assert tm.other.tolist() == [1, 90, 95] and tm.outside == 2
    assert first.other.tolist() == [90] and first.outside == 1
    assert second.other.tolist() == [70] and np.isnan(second.sigma)


def test_figure_14_shows_both_qualities_and_says_what_is_missing(tmp_path):
    figure = draw_gaia_comparison(gaia_table())
    save(figure, [tmp_path / "a.png"])
    assert words(figure).count("$\\mu$ = -5.0") == 2 and "not reviewed" in words(figure)
    assert "not reviewed" not in words(draw_gaia_comparison(gaia_table().assign(doubted=False)))
    assert "no low-quality spectra with a reliable" in words(draw_gaia_comparison(gaia_table().query("good")))


def test_figure_10_says_whose_the_bands_are():
    keys = ("lamost_rv", "rv_tm", "rv_dsal1", "rv_dsal2")
    selection = pd.DataFrame(dict.fromkeys(keys, [1.0, 2.0])).assign(dsal_used=["I", "II"])
    band = {"mean": 0.0, "sigma": 1.0, "k": 2, "own": True}
    bands = {"tm": band, "dsal1": band | {"of": "all"}, "dsal2": band | {"of": "outside", "own": False}}
    titles = [axes.get_title() for axes in draw_rv_comparison(comparisons(selection, bands)).axes]
    assert "band of" not in titles[0] and "band of all spectra with both" in titles[1]
    assert "the paper's band, for want of spectra" in titles[2]
