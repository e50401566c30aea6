"""Activity by subtype."""

import numpy as np
import pandas as pd
import pytest
from figure_words import words

from mstars.paper.figures.activity import active_share, draw_indices
from mstars.paper.figures.style import save


def test_active_shares_by_subtype_and_their_figure(tmp_path):
    rng = np.random.default_rng(3)
    n = 600
    table = pd.DataFrame({"luminosity_class": ["dM"] * 500 + ["gM"] * 100, "tio5": rng.uniform(0.3, 0.9, n)})
    table["subtype_tio5"] = 8.2 - 10.775 * table["tio5"]
    table["active"] = pd.array(rng.random(n) < np.where(table["subtype_tio5"] > 2.5, 0.6, 0.1)).astype("Int8")
    table = table.assign(ewha=np.where(table["active"] == 1, 3.0, -0.5), cah2=0.6, cah3=0.8)
    shares = active_share(table)
    assert shares["n"].sum() <= 500 and (shares["low"] <= shares["share"]).all()
    assert shares.loc[shares["subtype"] >= 3, "share"].mean() == pytest.approx(0.6, abs=0.1)
    assert shares.loc[shares["subtype"] <= 2, "share"].mean() == pytest.approx(0.1, abs=0.07)
    figure = draw_indices(table, "zhang2019")
    save(figure, [tmp_path / "a.pdf"])
    assert "zeta" in words(figure) and "of 500 dwarfs" in words(figure)
    assert words(draw_indices(table.iloc[:0], "zhang2019")).count("no data") == 3
