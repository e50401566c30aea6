"""Figures of the engines beside each other: what they show, and what they say where there is nothing."""

import numpy as np
import pandas as pd
import pytest

from mstars.literature.engine_groups import CLUSTER, FGK_M, M_M
from mstars.literature.engine_labels import Source
from mstars.literature.engine_pairs import compare_sources
from mstars.paper.figures.engine_diagrams import draw_diagrams, draw_groups, draw_repeats, precision_of
from mstars.paper.figures.engine_pairs import draw_matrix, draw_offsets, draw_trends, rows_of

N = 1200
SOURCES = [
    Source("cnn", "CNN", "apogee_dr16", "engine"),
    Source("slam", "SLAM", "apogee_dr16", "engine"),
    Source("apogee", "APOGEE", "apogee_dr16", "reference"),
]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(8)
    star = np.arange(N) // 2
    teff, m_h = rng.uniform(3200, 4000, N // 2)[star], rng.uniform(-0.6, 0.3, N // 2)[star]
    found = {"spectrum_key": [f"{k:05d}" for k in range(N)], "star_id": star, "luminosity_class": "dM"}
    found |= {"snri": rng.uniform(8, 150, N), "bp_rp_0": 2.5, "M_G_0": 9.0, "CMD_flag": pd.array([1, None] * (N // 2))}
    for name, sigma in (("cnn", 30), ("slam", 60), ("apogee", 5)):
        found |= {
            f"teff_{name}": teff + sigma * rng.normal(size=N),
            f"m_h_{name}": m_h + sigma / 500 * rng.normal(size=N),
        }
    return pd.DataFrame(found | {"logg_cnn": 4.8 + 0.05 * rng.normal(size=N), "logg_apogee": 4.8})


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_offsets_trends_and_matrices(table):
    statistics = compare_sources(table, SOURCES)
    turned = rows_of(statistics, "slam", "cnn", kind="dM", label="teff", stars="own", by="all").iloc[0]
    straight = rows_of(statistics, "cnn", "slam", kind="dM", label="teff", stars="own", by="all").iloc[0]
    assert turned["median"] == -straight["median"] and turned["robust_std"] == straight["robust_std"]
    assert any("not measured" in text for text in texts(draw_offsets(statistics, SOURCES, "dM")))
    assert "too few gM with both" in texts(draw_trends(statistics, SOURCES, "gM"))
    above = [axes.get_title(loc="left") for axes in draw_matrix(table, SOURCES, "teff", "dM").axes]
    off = (table["teff_slam"] - table["teff_cnn"]).dropna()
    assert any(text.startswith(f"{off.median():.0f} ") and text.endswith(f"n = {len(off)}") for text in above)
    assert any("fewer than two sources" in text for text in texts(draw_matrix(table, SOURCES, "alpha_m", "dM")))


def test_repeats_give_the_planted_scatter(table):
    fits = precision_of(table, ["cnn", "slam"])
    own = fits[(fits["label"] == "teff") & (fits["kind"] == "dM")].set_index("engine")
    at = own["a"] / 50 + own["b"]
    assert at["cnn"] == pytest.approx(30, rel=0.15) and at["slam"] == pytest.approx(60, rel=0.15)
    assert any("CNN" in text and "pairs" in text for text in texts(draw_repeats(table, SOURCES, fits)))


def test_diagrams_show_good_colours_alone_and_say_what_is_missing(table):
    said = texts(draw_diagrams(table, SOURCES))
    assert "n = 1200" in said and "n = 600" in said and any("SLAM has\nno log g" in text for text in said)


def test_groups_with_and_without_pairs(table):
    rng = np.random.default_rng(9)
    pairs = pd.DataFrame({"difference": rng.normal(0, 0.1, 60), "error": 0.1})
    members = pd.DataFrame({"name": ["a", "b"] * 5, "difference": rng.normal(0, 0.05, 10), "error": 0.05})
    members = members.assign(feh=np.where(members["name"] == "a", 0.1, -0.4), feh_err=0.02)
    given = {
        ("cnn", M_M, "zhang2025"): pairs,
        ("cnn", CLUSTER, "members"): members,
        ("slam", FGK_M, "zhang2025"): pairs,
    }
    said = texts(draw_groups(given, SOURCES, "zhang2025"))
    assert any("n = 60" in text for text in said) and any("no pairs within the criteria" in text for text in said)
    assert any("no cluster members" in text for text in said) and "a (5)" in said
    assert any("compare.binaries" in text for text in texts(draw_groups({}, SOURCES, "zhang2025")))
