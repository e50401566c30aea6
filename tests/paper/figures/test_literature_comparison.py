"""Figures 16 to 19: our parameters against others'."""

import numpy as np
from made_parameters import ours

from mstars.core.config.outputs import Outliers
from mstars.literature.catalogues import LABELS
from mstars.paper.figures.literature_comparison import draw_comparison, outliers
from mstars.paper.figures.style import save


def test_outliers_are_marked_by_the_texts_limits():
    table = ours(4)
    table[[f"logg_{side}" for side in ("this", "apogee")]] = [[5.1, 5.0], [4.5, 4.6], [4.8, np.nan], [5.2, 4.8]]
    table["teff_this"], table["teff_apogee"] = [3500.0, 3500, 3500, 3500], [3500.0, 3700, np.nan, 3500]
    for label in LABELS:
        table[f"{label}_catalog"] = table[f"{label}_this"]
    table.loc[2, "logg_catalog"] = 4.0
    groups = outliers(table, "ding2022", "dM", Outliers())
    assert {name: np.flatnonzero(mask).tolist() for name, mask in groups.items()} == {
        "red": [1],
        "green": [3],
        "blue": [0, 3],
        "blue +": [1],
        "orange": [2],
    }
    assert outliers(table, "laspm", "gM", Outliers()) == {}


def test_a_figure_has_a_row_a_parameter_and_says_when_there_is_nothing(tmp_path):
    table = ours(50)
    for label in LABELS:
        table[f"{label}_catalog"] = table[f"{label}_this"] if label in ("teff", "m_h") else np.nan
    figure = draw_comparison(table, "li2021", "Li2021", "dM", Outliers())
    assert len(figure.axes) == 6
    save(figure, [tmp_path / "a.png"])
    figure = draw_comparison(table.iloc[:0], "li2021", "Li2021", "dM", Outliers(), "not configured")
    assert any("not configured" in text.get_text() for text in figure.axes[0].texts)
