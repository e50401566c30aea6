"""Figures of the survey."""

import pandas as pd
import pytest
from figure_words import words
from made_survey import plate_rows, repeats

from mstars.paper.figures.style import save
from mstars.paper.figures.whole_survey import draw_completeness, draw_plates, draw_precision, draw_sky
from mstars.survey.plate_offsets import group_medians, residuals
from mstars.survey.repeats import FLAG_OF, precision_table, repeat_pairs


@pytest.mark.slow
def test_the_figures_are_drawn_and_say_when_there_is_nothing(tmp_path):
    catalog, gaia = plate_rows()
    table = residuals(catalog, gaia)
    groups = group_medians(table, "plate"), group_medians(table, "spectrograph")
    shares = pd.DataFrame({"g": [14.0, 15.0], "n": 5, "bp_rp": 2.0})
    for step in ("recommended", "rv", "parameters"):
        shares = shares.assign(**{step: 0.5, f"{step}_low": 0.4, f"{step}_high": 0.6})
    own = repeats(200)
    drawn = [
        draw_sky(catalog),
        draw_plates(*groups),
        draw_completeness(shares, shares),
        draw_precision({name: repeat_pairs(own, name) for name in FLAG_OF}, precision_table(own)),
    ]
    for number, figure in enumerate(drawn):
        save(figure, [tmp_path / f"{number}.png"], dpi=50)
        assert "no data" not in words(figure)
    empty = residuals(catalog.iloc[:0], gaia)
    drawn = [
        draw_sky(catalog.iloc[:0]),
        draw_plates(group_medians(empty, "plate"), group_medians(empty, "spectrograph")),
        draw_completeness(shares.iloc[:0], shares.iloc[:0]),
        draw_precision({name: repeat_pairs(own.iloc[:0], name) for name in FLAG_OF}, precision_table(own.iloc[:0])),
    ]
    for number, figure in enumerate(drawn):
        save(figure, [tmp_path / f"{number}.png"], dpi=50)
        assert "no data" in words(figure)
