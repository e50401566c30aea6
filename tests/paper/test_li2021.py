"""The sample and the numbers of Li et al. 2021: what is planted comes out."""

import numpy as np
import pytest
from made_slam import MEMBERS, PAIRS, made_groups, made_sample

from mstars.core.resources import resource, resource_table
from mstars.paper.li2021 import binary_pairs, cluster_members, hyades_like, li2021_numbers

CURVES = {"teff": (400.0, -0.5, 0.0), "m_h": (0.8, -0.5, 0.0)}
THEORY_CV = np.array([[50, 9.0, 60, 0, 0.05], [100, 5.0, 42, 0, 0.04]])


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return made_sample(tmp_path_factory.mktemp("slam"))


def test_spoiled_fits_are_left_out_and_labelled_stars_are_held_out(sample):
    assert not {"k0000", "k0001"} & set(sample["spectrum_key"])
    one = sample.set_index("spectrum_key").loc["k0002"]
    assert one["teff"] == 3333.0 and one["m_h"] == -0.33
    assert sample["m_h_apogee"].isna().sum() > sample["teff_apogee"].isna().sum()  # -9999 is none
    assert sample["m_h_galgano2020"].isna().all() and sample["teff_b20"].notna().all()
    assert 0.5 < sample["selected"].mean() <= 1
    assert set(sample.loc[~sample["bt_inside"], "spectrum_key"]) == {"k0003", "k0004"}


def test_planted_offsets_come_out(sample):
    binaries, *_ = made_groups()
    found = li2021_numbers(sample, CURVES, THEORY_CV, binary_pairs(sample, binaries))
    n = len(sample)
    assert found["b20_bias_teff"] == pytest.approx(182, abs=3 * 1.25 * 80 / np.sqrt(n))
    assert found["b20_bias_m_h"] == pytest.approx(-0.15, abs=3 * 1.25 * 0.17 / np.sqrt(n))
    assert found["bt_bias_b20"] == pytest.approx(107, abs=0.1) and found["bt_scatter_b20"] < 0.1
    assert found["bt_bias_galgano2020"] == pytest.approx(50, abs=0.1) and np.isnan(found["bt_bias_tess"])
    assert found["cv_scatter_teff"] < found["apogee_scatter_teff"] and found["curve_b_teff"] == -0.5
    assert found["bt_cv_bias"] == 5.0 and found["bt_cv_scatter"] == 42
    assert found["binary_width"] == pytest.approx(1.0, abs=0.35) and abs(found["binary_bias"]) < 0.1
    keys = set(resource_table(resource("papers/li2021_numbers.csv"))["key"])
    assert keys == set(found)


def test_nothing_to_compare_is_no_number(sample):
    bare = sample.drop(columns=[name for name in sample if name.endswith(("_b20", "_galgano2020"))])
    found = li2021_numbers(bare, CURVES, np.empty((0, 5)), made_groups()[0].head(0))
    assert np.isnan(found["b20_bias_teff"]) and "bt_cv_bias" not in found and "binaries" not in found


def test_stars_that_move_as_the_hyades(sample):
    near = hyades_like(sample)
    assert len(near) == MEMBERS and near["m_h"].mean() == pytest.approx(0.13, abs=0.15)


def test_clusters_and_binaries(sample):
    binaries, clusters, metallicities = made_groups()
    table = cluster_members(sample, clusters, metallicities)
    assert table["stars"].tolist() == [MEMBERS] and table["feh"].tolist() == [0.15] and table["m_h_std"].notna().all()
    pairs = binary_pairs(sample, binaries)
    assert len(pairs) == PAIRS - 2  # one too wide, one with a spoiled component
    assert np.allclose(
        pairs["normalised"] * np.hypot(pairs["error_1"], pairs["error_2"]), pairs["m_h_1"] - pairs["m_h_2"]
    )
