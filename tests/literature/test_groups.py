"""Groups of stars whose velocities or parameters must agree."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.literature.groups import (
    binary_statistics,
    cluster_statistics,
    read_binaries,
    read_clusters,
    velocity_statistics,
)


def stars(n=4000, seed=0):
    """Pairs (0, 1), (2, 3), ... share a velocity and a metallicity; measured with errors of 5 km/s and 0.1 dex."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"source_id": pd.array(np.arange(n) + 10**18, "Int64"), "luminosity_class": "dM"})
    table["rv"] = np.repeat(rng.normal(0, 40, n // 2), 2) + rng.normal(0, 5, n)
    table["m_h"] = np.repeat(rng.normal(-0.2, 0.3, n // 2), 2) + rng.normal(0, 0.1, n)
    return table.assign(alpha_m=np.nan)


def test_components_of_binaries_differ_by_their_errors_alone(tmp_path):
    table = stars()
    ids = table["source_id"].astype("int64").to_numpy()
    pairs = pd.DataFrame({"source_id1": ids[::2], "source_id2": ids[1::2], "R_chance_align": 0.01})
    false = pd.DataFrame({"source_id1": ids[:-2:2], "source_id2": ids[3::2], "R_chance_align": 0.9})
    pd.concat([pairs, false]).to_csv(tmp_path / "b.csv", index=False)
    found = binary_statistics(table, read_binaries(tmp_path / "b.csv")).set_index("label")
    assert found["n"].tolist() == [2000, 2000] and set(found["kind"]) == {"dM-dM"}
    for label, error in (("rv", 5.0), ("m_h", 0.1)):
        assert found.loc[label, "std"] == pytest.approx(np.sqrt(2) * error, rel=4 / np.sqrt(4000))
        assert abs(found.loc[label, "mean"]) < 4 * error * np.sqrt(2 / 2000)


def test_clusters_are_measured_about_their_median(tmp_path):
    table = stars(60).assign(rv=np.r_[np.full(40, 7.0), np.full(20, -30.0)])
    table.loc[0, "rv"] = 12.0
    members = pd.DataFrame({"source_id": table["source_id"].astype("int64"), "cluster": ["A"] * 40 + ["B"] * 20})
    members.iloc[:42].to_csv(tmp_path / "c.csv", index=False)
    found = cluster_statistics(table, read_clusters(tmp_path / "c.csv"))
    assert found["catalog"].unique().tolist() == ["A"]  # of B only two stars are named
    assert found.set_index("label").loc["rv", "mean"] == pytest.approx(5 / 40)


def test_a_table_without_the_columns_is_named(tmp_path):
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=r"b.csv: no column 'source_id1' or 'Source1'. The file has: a, b"):
        read_binaries(tmp_path / "b.csv")
    with pytest.raises(InputError, match="none.csv: no such file"):
        read_clusters(tmp_path / "none.csv")


def test_velocities_are_compared_by_quality_and_signal_to_noise():
    table = pd.DataFrame({"rv": [5.0, 6, 40], "lamost_rv": [5.0, 206, 40], "gaia_rv": [10.0, 11, 0], "snr_i": 30.0})
    table["snr_i"], table["good"] = [30.0, 120.0, 5.0], [True, True, False]
    found = velocity_statistics(table).set_index(["kind", "pair", "snr"])
    assert found.loc[("high quality", "this-gaia", "all"), ["n", "mean"]].tolist() == [2, -5]
    assert found.loc[("high quality", "lamost-gaia", ">100"), "mean"] == 195
    assert found.loc[("low quality", "this-gaia", "0-10"), "mean"] == 40
    assert len(velocity_statistics(table.iloc[:0])) == 0
