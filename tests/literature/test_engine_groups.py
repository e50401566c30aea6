"""Wide pairs and clusters by engine: planted differences come back, criteria of each paper, odd inputs, a real list."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.literature.criteria import PAIR_CRITERIA, PairCriteria
from mstars.literature.engine_groups import (
    CLUSTER,
    FGK_M,
    HEADS,
    M_M,
    group_rows,
    group_statistics,
    pair_differences,
    read_groups,
    star_values,
)

N = 400
"""Pairs. Star 2k and star 2k + 1 are a pair; source_id is 1000 + its number."""


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(2)
    m_h = np.repeat(rng.normal(-0.1, 0.2, N), 2)
    return pd.DataFrame(
        {
            "spectrum_key": [f"{k:05d}" for k in range(2 * N)],
            "source_id": pd.array(1000 + np.arange(2 * N), dtype="Int64"),
            "luminosity_class": "dM",
            "snri": rng.uniform(10, 100, 2 * N),
            "rv": np.repeat(rng.normal(0, 30, N), 2) + rng.normal(0, 2, 2 * N),
            "parallax": np.repeat(rng.uniform(5, 40, N), 2),
            "truth": m_h,
            "m_h_cnn": m_h + rng.normal(0, 0.08, 2 * N),
            "m_h_cnn_err": 0.08,
            "m_h_slam": m_h + 0.1 + rng.normal(0, 0.1, 2 * N),
            "m_h_slam_err": 0.05,  # half of what it is
        }
    )


@pytest.fixture(scope="module")
def files(table, tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("groups"), np.random.default_rng(3)
    first, truth = 1000 + 2 * np.arange(N), table["truth"].to_numpy()
    pairs = pd.DataFrame({"source_id1": first, "source_id2": first + 1, "R_chance_align": np.linspace(0, 0.2, N)})
    pairs.assign(separation_au=np.linspace(100, 6000, N)).to_csv(folder / "pairs.csv", index=False)
    fgk = pd.DataFrame({"source_id": first, "feh": truth[::2] + rng.normal(0, 0.05, N), "feh_err": 0.05})
    fgk.to_csv(folder / "fgk.csv", index=False)
    names = np.where(np.arange(60) % 2 == 0, "near", "poor")
    pd.DataFrame({"source_id": 1000 + np.arange(60), "cluster": names}).to_csv(folder / "members.csv", index=False)
    mean = [table["truth"][:60][names == name].mean() for name in ("near", "poor")]
    feh = pd.DataFrame({"cluster": ["near", "poor"], "feh": mean, "feh_err": 0.02})
    feh.to_csv(folder / "feh.csv", index=False)
    return {
        "binaries": folder / "pairs.csv",
        "fgk_binaries": folder / "fgk.csv",
        "clusters": folder / "members.csv",
        "cluster_metallicities": folder / "feh.csv",
    }


def test_planted_pairs_and_clusters_come_back(table, files):
    found = group_statistics(dict(group_rows(table, ["cnn", "slam"], read_groups(files), PairCriteria())))
    assert list(found) == list(HEADS)

    def row(engine, group, **where):
        rows = found[(found["engine"] == engine) & (found["group"] == group)]
        for name, value in where.items():
            rows = rows[rows[name] == value]
        return rows.iloc[0]

    pairs = row("cnn", M_M, criteria="config")
    assert pairs["n"] == N and abs(pairs["mean"]) < 3 * pairs["mean_err"]
    assert pairs["robust_std"] == pytest.approx(0.08 * np.sqrt(2), rel=0.12) and pairs["width"] == pytest.approx(
        1, abs=0.12
    )
    assert row("slam", M_M, criteria="config")["width"] == pytest.approx(2, abs=0.25)
    primaries = row("slam", FGK_M, criteria="config")
    assert abs(primaries["mean"] - 0.1) < 3 * primaries["mean_err"]
    for name in ("near", "poor"):
        cluster = row("cnn", CLUSTER, name=name)
        assert cluster["n"] == 30 and cluster["criteria"] == "members" and np.isfinite(cluster["reference"])


def test_the_criteria_of_each_paper(table, files):
    pairs = read_groups(files)["binaries"]
    chance, apart = pairs["R_chance_align"], pairs["separation_au"]
    snr = table["snri"].to_numpy().reshape(N, 2).min(axis=1)
    rv = np.abs(np.diff(table["rv"].to_numpy().reshape(N, 2), axis=1))[:, 0]
    arcsec = apart * table["parallax"].to_numpy()[::2] / 1000
    expected = {
        "li2025": chance < 0.1,
        "li2021": (apart < 3000) & (snr > 5),
        "zhang2025": (chance < 0.01) & (arcsec > 3) & (rv < 10) & (snr > 5),
        "zhang2025_snr20": (chance < 0.01) & (arcsec > 3) & (rv < 10) & (snr > 20),
        "zhang2025_snr50": (chance < 0.01) & (arcsec > 3) & (rv < 10) & (snr > 50),
    }
    assert set(expected) == set(PAIR_CRITERIA)
    for name, criteria in PAIR_CRITERIA.items():
        found = pair_differences(star_values(table, "cnn", criteria.snr_i_min), pairs, criteria)
        assert len(found) == expected[name].sum(), name


def test_what_an_engine_is_off_by_for_all_stars_of_a_metallicity_is_told_beside_a_cluster(table, files):
    """Values are drawn to the middle, as of all engines: metal-poor clusters come out too rich, by as much as stars."""
    drawn = table.assign(m_h_cnn=0.7 * table["m_h_cnn"], m_h_apogee=table["truth"])
    groups = read_groups(files)
    groups["cluster_metallicities"]["feh"] = [-0.4, 0.2]
    drawn.loc[:59, "truth"] = np.where(np.arange(60) % 2 == 0, -0.4, 0.2)
    drawn.loc[:59, "m_h_cnn"] = 0.7 * drawn["truth"][:60] + np.random.default_rng(5).normal(0, 0.06, 60)
    found = group_statistics(dict(group_rows(drawn, ["cnn"], groups, PairCriteria()))).set_index(["group", "name"])
    for name, feh in (("near", -0.4), ("poor", 0.2)):
        one = found.loc[(CLUSTER, name)]
        assert abs(one["mean"]) > 3 * one["mean_err"] and one["field"] == pytest.approx(-0.3 * feh, abs=0.03)
        assert abs(one["mean"] - one["field"]) < 3 * np.hypot(one["mean_err"], one["field_err"])
    few = drawn.assign(m_h_apogee=np.nan)
    assert group_statistics(dict(group_rows(few, ["cnn"], groups, PairCriteria())))["field"].isna().all()


def test_a_stars_value_is_that_of_its_best_spectrum(table):
    twice = pd.concat([table, table.assign(spectrum_key="z", snri=500.0, m_h_cnn=9.0)[:3]], ignore_index=True)
    found = star_values(twice, "cnn")
    assert found.index.is_unique and (found.loc[[1000, 1001, 1002], "m_h"] == 9).all() and len(found) == 2 * N


def test_what_is_not_known_excludes_no_pair(table, files):
    pairs = read_groups(files)["binaries"].drop(columns=["pairdistance"])
    bare = pairs.assign(R_chance_align=np.nan, separation_au=np.nan, pairdistance=np.nan)
    criteria = PairCriteria(chance_max=0.01, widest_au=10, least_arcsec=1e6)
    assert len(pair_differences(star_values(table, "cnn"), bare, criteria)) == N


def test_no_table_no_members_and_wrong_tables(table, files, tmp_path):
    none = dict.fromkeys(files)
    assert read_groups(none) == {} and len(group_statistics(dict(group_rows(table, ["cnn"], {}, PairCriteria())))) == 0
    strangers = {"binaries": read_groups(files)["binaries"].assign(source_id2=5)}
    assert len(group_statistics(dict(group_rows(table, ["cnn"], strangers, PairCriteria())))) == 0
    with pytest.raises(InputError, match="cluster_metallicities is given without"):
        read_groups(none | {"cluster_metallicities": files["cluster_metallicities"]})
    (tmp_path / "wrong.csv").write_text("source_id1,other\n1,2\n")
    with pytest.raises(InputError, match="compare.binaries.*wrong.csv.*source_id2"):
        read_groups(none | {"binaries": tmp_path / "wrong.csv"})


def test_a_real_list_of_systems(real, tmp_path):
    """CARMENES's catalogue of M dwarfs (cif03) as pairs: 376 systems of M dwarfs, 72 with a warmer primary."""
    stars = pd.read_csv(real / "catalogs/CARMENES/cif03.full_table.csv.gz", dtype={"GaiaDR3_id": str}, low_memory=False)
    dwarfs, warmer = (stars[stars["SpT"].str.match(letters, na=False)] for letters in ("M", "[FGK]"))
    systems = dwarfs.groupby("ID_system").size()
    assert (systems >= 2).sum() == 376 and len({*systems.index} & {*warmer["ID_system"]}) == 72
    known = dwarfs[dwarfs["GaiaDR3_id"].notna()]
    pairs = known.groupby("ID_system")["GaiaDR3_id"].agg(["first", "last", "size"]).query("size >= 2")
    pairs = pairs.rename(columns={"first": "source_id1", "last": "source_id2"})
    pairs.to_csv(tmp_path / "pairs.csv", index=False)
    primaries = warmer.dropna(subset="Fe_H").drop_duplicates("ID_system")[["ID_system", "Fe_H"]]
    primaries = primaries.merge(known[["ID_system", "GaiaDR3_id"]].drop_duplicates("ID_system"), on="ID_system")
    primaries.rename(columns={"GaiaDR3_id": "source_id", "Fe_H": "feh"}).to_csv(tmp_path / "fgk.csv", index=False)
    files = {"binaries": tmp_path / "pairs.csv", "fgk_binaries": tmp_path / "fgk.csv"}
    found = read_groups(dict.fromkeys(("clusters", "cluster_metallicities")) | files)
    assert len(found["binaries"]) == len(pairs) > 360 and found["binaries"]["source_id2"].notna().all()
    assert len(found["fgk_binaries"]) == len(primaries) > 50 and found["fgk_binaries"]["feh"].notna().all()
