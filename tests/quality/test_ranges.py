"""Ranges of the parameters (Table 10)."""

import numpy as np
import pandas as pd
import pytest

from mstars.quality.ranges import TABLE_10, inside_ranges, recompute_ranges, reliable_members


def test_limits_of_table_10_are_inclusive_and_per_class():
    table = pd.DataFrame({"luminosity_class": ["dM", "dM", "gM", ""], "teff": [3225.0, 3224.9, 3300.0, 3500.0]})
    table = table.assign(logg=[4.35, 4.4, 1.55, 1.0], m_h=0.0, alpha_m=[0.25, 0.26, 0.31, 0.1])
    inside = inside_ranges(table, TABLE_10)
    assert inside["teff"].tolist() == [True, False, False, False]
    assert inside["logg"].tolist() == [True, True, True, False]
    assert inside["alpha_m"].tolist() == [True, False, True, False]


def test_reliable_members_agree_in_all_three_classes():
    table = pd.DataFrame({"ASPCAP_CLASS": ["Md_a", "GKd_b", "Mg_c", "Md_a", None, "Md_a"]})
    table = table.assign(luminosity_class="dM", CMD_pos=["dM", "dM", "dM", "gM", "dM", "dM"], passed=True, snr_i=25.0)
    for band in "urgz":
        table[f"snr_{band}"] = 3.0
    table.loc[5, "snr_u"] = 0.0
    assert reliable_members(table).tolist() == [True, True, False, False, False, False]


def test_recomputed_ranges_are_edges_of_full_bins():
    generator = np.random.default_rng(3)
    members = pd.DataFrame({"luminosity_class": "dM", "teff": generator.uniform(3225, 4125, 5000)})
    members["logg"], members["m_h"] = generator.uniform(4.35, 5.45, 5000), generator.uniform(-0.85, 0.35, 5000)
    members["alpha_m"] = generator.uniform(-0.13, 0.25, 5000)
    members.loc[0, "teff"] = 2500.0
    ranges = recompute_ranges(members)
    for label, limits in TABLE_10["dM"].items():
        assert ranges["dM"][label] == pytest.approx(limits)
    assert ranges["gM"] == TABLE_10["gM"]
