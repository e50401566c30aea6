"""The words in a figure, and small tables to draw."""

import numpy as np
import pandas as pd

from mstars.paper.figures.velocity_comparison import Comparison


def velocities(n=100):
    lamost = np.linspace(-100, 100, n)
    return Comparison("TM", lamost, lamost + 4 + np.where(np.arange(n) < 7, 300, 0), 4.0, 12.0, 3)


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))


def gaia_table(n=40):
    generator = np.random.default_rng(0)
    gaia = generator.normal(0, 50, n)
    table = pd.DataFrame({"gaia_rv": gaia, "rv": gaia - 5, "lamost_rv": gaia - 5, "good": np.arange(n) < n // 2})
    table["updated"], table["doubted"] = np.arange(n) % 5 == 0, np.arange(n) % 50 == 1
    return table
