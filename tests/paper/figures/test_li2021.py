"""Figures of Li et al. 2021 show what they are given, and say what is missing."""

import numpy as np
import pandas as pd
import pytest
from made_slam import made_groups, made_sample

from mstars.paper.figures import li2021 as figures
from mstars.paper.li2021 import binary_pairs, cluster_members, cluster_stars

CURVES = {"teff": (400.0, -0.5, 0.0), "m_h": (0.8, -0.5, 0.0)}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return made_sample(tmp_path_factory.mktemp("slam"))


def texts(figure):
    return " ".join(text.get_text() for axes in figure.axes for text in axes.texts)


def test_comparisons_write_the_planted_offsets(sample):
    figure = figures.draw_temperatures(sample)
    assert len(figure.axes) == 6 and not getattr(figure, "missing", [])
    notes = [" ".join(text.get_text() for text in axes.texts) for axes in figure.axes[1::2]]
    assert "18" in notes[1] and "107" in notes[2] and f"n = {len(sample)}" in notes[1]
    assert "50" in texts(figures.draw_galgano(sample))
    assert getattr(figures.draw_metallicities(sample), "missing", []) == []
    without = figures.draw_galgano(sample.assign(teff_galgano2020=np.nan))
    assert without.missing == ["no Galgano 2020 in common"]


def test_the_cross_validation_with_and_without_a_theory_grid(sample):
    stars = pd.DataFrame({"snri": sample["snri"]})
    for label in ("teff", "m_h"):
        stars[f"{label}_true"], stars[f"{label}_cv"] = sample[f"{label}_apogee"], sample[label]
    theory = np.array([[10, 20, 100, 0, 0.1], [100, 5, 40, 0, 0.04]])
    with_grid, without = (figures.draw_cross_validation(stars, cv, CURVES) for cv in (theory, np.empty((0, 5))))
    assert len(with_grid.axes[0].lines) == len(without.axes[0].lines) + 2
    curve = with_grid.axes[0].lines[4]
    np.testing.assert_allclose(curve.get_ydata(), 400 * curve.get_xdata() ** -0.5)


def test_diagrams(sample):
    giants = pd.DataFrame({"bp_rp_0": [2.0, 2.2], "M_G_0": [-2.0, -1.5]})
    axes = figures.draw_cmd(sample, giants).axes[0]
    handles, names = axes.get_legend_handles_labels()
    by_name = dict(zip(names, handles, strict=True))
    assert set(by_name) == {f"dM {len(sample)}", "gM 2", f"region of dM, {sample['selected'].sum()} inside"}
    stars = {len(one.get_offsets()): one.get_facecolor()[0, :3] for one in axes.collections}
    shown = [by_name[name].get_facecolor()[0, :3] for name in (f"dM {len(sample)}", "gM 2")]
    np.testing.assert_allclose(shown, [stars[len(sample)], stars[2]])
    figure = figures.draw_hrd(sample)
    bright = ((sample["snri"] > 50) & sample["selected"]).sum()
    assert len(figure.axes[0].collections[0].get_offsets()) == bright > 10 and len(figure.axes[0].lines) >= 3


def test_clusters_and_binaries_or_a_reason(sample):
    binaries, clusters, metallicities = made_groups()
    table, pairs = cluster_members(sample, clusters, metallicities), binary_pairs(sample, binaries)
    stars = cluster_stars(sample, clusters, metallicities)
    drawn = figures.draw_clusters(table, stars)
    for figure in (figures.draw_hyades(sample), drawn, figures.draw_binaries(pairs)):
        assert not getattr(figure, "missing", [])
    assert sum(bar.get_height() for bar in drawn.axes[1].patches) == len(stars) == table["stars"].sum()
    assert figures.draw_hyades(sample.head(5)).missing == ["no members in this survey"]
    assert figures.draw_clusters(table.head(0), stars.head(0)).missing == ["no cluster members in this survey"]
    assert figures.draw_binaries(pairs.head(0)).missing == ["no wide binaries in this survey"]
