import numpy as np
import pandas as pd
import pytest
from figure_words import words

from mstars.paper.figures.value_added import (
    absolute_magnitude,
    draw_active,
    draw_hr_diagram,
    draw_kiel,
    draw_labels,
    draw_precision,
    draw_sky,
    draw_snr,
    draw_subtypes,
)


@pytest.fixture(scope="module")
def table():
    draws, n = np.random.default_rng(1), 200
    made = pd.DataFrame({"spectrum_key": [f"k{number}" for number in range(n)], "RA": draws.uniform(0, 360, n)})
    made = made.assign(Dec=draws.uniform(-5, 60, n), Teff=draws.uniform(3000, 4000, n), Logg=5.0, Plx=20.0, VBFlag=0)
    made["[M/H]"], made["Gmag"], made["BPmag"] = draws.normal(0, 0.3, n), 14.0, 15.0 + draws.uniform(0, 1, n)
    made = made.assign(RPmag=13.0, Subclass="dM3", SpT=4.0, Activity=pd.array([1, 0] * (n // 2), "Int64"))
    made.loc[0, "VBFlag"], made.loc[1, "Plx"] = 2, -1.0
    return made


def test_magnitudes_are_by_parallax(table):
    colour, magnitude = absolute_magnitude(table)
    assert magnitude[0] == pytest.approx(14 - 5 * np.log10(50 / 10)) and np.isnan(magnitude[1])
    assert colour[0] == table["BPmag"][0] - 13


def test_diagrams_have_the_stars_that_belong_in_them(table):
    assert len(draw_sky(table).axes[0].collections[0].get_offsets()) == 200
    assert len(draw_hr_diagram(table).axes[0].collections[0].get_offsets()) == 199  # without the binary
    active = draw_active(table)
    assert "active (100)" in words(active) and len(active.axes[0].lines) == 3
    curve = pd.DataFrame({"teff": [3000.0, 4000], "logg": [5.0, 4.7], "m_h": 0.0})
    assert len(draw_kiel(table, [curve, curve]).axes[0].lines) == 2


def test_subtypes_and_labels_say_their_differences(table):
    assert "+1.00 ± 0.00" in words(draw_subtypes(table))
    other = pd.DataFrame(
        {"spectrum_key": table["spectrum_key"], "teff": table["Teff"] - 20, "logg": 4.9, "m_h": np.nan}
    )
    said = words(draw_labels(table, other, "APOGEE"))
    assert "+20, scatter 0" in said and "+0.10, scatter 0.00" in said and "no common star" in said


def test_limits_of_the_sample_are_drawn():
    figure = draw_snr(pd.DataFrame({"snrr": [1.0, 10, 20, 30], "snri": [1.0, 2, 20, 30]}), {"snrr": 5, "snri": 5})
    assert "25% below 5" in words(figure) and "50% below 5" in words(figure)


def test_precision_without_repeats_says_so():
    one = {"a": 400.0, "b": 20.0, "bins": {"snr": [5, 15], "sigma": [100, 45]}}
    none = {"a": None, "b": None, "bins": {"snr": [], "sigma": []}}
    said = words(draw_precision({"rv": one, "teff": one, "logg": none, "m_h": one}))
    assert "400.0 / (S/N) + 20.0 K" in said and "too few repeats" in said
