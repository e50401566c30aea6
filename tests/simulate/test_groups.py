"""Binaries, clusters and repeated stars: what belongs together is alike, and without them nothing changes."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.literature.groups import read_binaries, read_clusters
from mstars.simulate.groups import CLUSTERS, WIDEST_AU, group_tables
from mstars.simulate.observations import draw_survey


@pytest.fixture(scope="module")
def plan():
    return draw_survey("demo", 5, groups=True)


def test_pairs_share_composition_distance_and_motion(plan):
    stars = plan.drop_duplicates("star")
    pairs = stars[stars["group"] == "binary"].sort_values("group_id")
    assert (pairs["group_id"].value_counts() == 2).all() and len(pairs) >= 200
    first, second = (pairs.groupby("group_id").nth(place).reset_index() for place in (0, 1))
    for name in ("m_h", "alpha_m", "distance", "pmra"):
        assert (first[name] == second[name]).all()
    assert (first["rv"] - second["rv"]).abs().max() < 5 and (first["teff"] != second["teff"]).all()
    apart = (
        np.hypot((first["ra"] - second["ra"]) * np.cos(np.radians(first["dec"])), first["dec"] - second["dec"]) * 3600
    )
    assert apart.min() > 5.9 and apart.max() < 26
    np.testing.assert_allclose(apart * first["distance"], first["separation_au"], rtol=1e-3)
    assert (first["separation_au"] < WIDEST_AU).mean() > 0.9


def test_the_near_cluster_is_where_the_paper_looks(plan):
    near = plan[plan["group"] == "near"].drop_duplicates("star")
    parallax = 1000 / near["distance"]  # mas
    assert ((near["pmra"] / parallax).between(4, 6) & (near["pmdec"] / parallax).between(-2.5, 0)).mean() > 0.9
    assert (parallax / 1000).between(0.04, 0.05).all() and near["m_h"].mean() == pytest.approx(0.13, abs=0.02)
    for name, (_, distance, m_h, *_) in CLUSTERS.items():
        members = plan[plan["group"] == name].drop_duplicates("star")
        assert (
            len(members) >= 12 and members["m_h"].std() < 0.04 and members["m_h"].mean() == pytest.approx(m_h, abs=0.03)
        )
        assert members["distance"].median() == pytest.approx(distance, rel=0.03) and members["plate"].nunique() == 1


def test_three_hundred_stars_have_three_to_five_spectra(plan):
    counts = plan[plan["kind"].isin(["dM", "gM"])]["star"].value_counts()
    assert 290 <= (counts >= 3).sum() and counts.max() <= 7
    assert plan["spectrum_key"].is_unique


def test_tables_of_other_works(plan, tmp_path):
    tables = group_tables(plan, 5)
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    assert len(read_binaries(tmp_path / "binaries.csv")) == len(tables["binaries"]) >= 100
    assert set(read_clusters(tmp_path / "clusters.csv")["cluster"]) == set(CLUSTERS)
    fgk = tables["fgk_binaries"]
    truth = plan.drop_duplicates("star").query("group == 'fgk'")
    assert len(fgk) == len(truth) >= 50 and (fgk["feh"].to_numpy() - truth.sort_values("star")["m_h"]).std() < 0.1
    assert tables["cluster_metallicities"]["members"].sum() == len(tables["clusters"])


def test_without_groups_the_survey_is_as_it_was():
    one, two = draw_survey("ci", 3), draw_survey("ci", 3, groups=False)
    pd.testing.assert_frame_equal(one, two)
    assert "group" not in one
    with pytest.raises(InputError, match="simulate.groups"):
        group_tables(one, 3)
