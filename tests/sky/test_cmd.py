"""Regions of the colour-magnitude diagram."""

import numpy as np
import pandas as pd
import pytest

from mstars.sky.cmd import DM_REGION, DM_REGION_PRINTED, cmd_position
from mstars.sky.extinction import absolute_magnitude


def test_vertices_of_the_default_region_go_round():
    assert DM_REGION.tolist() == [[0.7, 5.0], [1.4, 5.0], [5.0, 16.5], [4.0, 16.5]]
    x, y = DM_REGION.T
    area = 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
    assert area == pytest.approx(0.5 * (0.7 + 1.0) * 11.5)  # of the trapezium


def test_printed_order_loses_dwarfs_that_the_right_order_keeps():
    colour, magnitude = np.array([2.3, 2.7, 1.1]), np.array([9.9, 9.9, 5.5])  # beside the crossing, and at the top
    assert cmd_position(colour, magnitude, DM_REGION).tolist() == ["dM", "dM", "dM"]
    assert cmd_position(colour, magnitude, DM_REGION_PRINTED).tolist() == ["other", "other", "dM"]


def test_regions():
    colour = np.array([2.0, 2.0, 2.0, 2.0, np.nan, 2.0, 0.5, 1.0])
    magnitude = np.array([9.0, 0.0, 1.5, 4.0, 9.0, np.nan, 12.0, 5.0])
    position = cmd_position(colour, magnitude)
    # the line at 2.0 is M_G = 1.4: giants are brighter (smaller); 1.5 is below it. A side of the polygon is inside.
    assert position.tolist() == ["dM", "gM", "other", "other", "", "", "other", "dM"]


def test_real_m_dwarfs_lie_in_the_dwarf_region(real):
    stars = pd.read_csv(real / "catalogs" / "CARMENES" / "cif03.full_table.csv.gz", low_memory=False)
    stars = stars[(stars["ruwe"] < 1.4) & (stars["parallax"] > 10) & stars["BP_mag"].notna()]
    for name in ("BP_mag", "RP_mag", "G_mag"):
        stars[name] = pd.to_numeric(stars[name], errors="coerce")
    stars = stars[stars["SpT"].str.match(r"M[0-6]\.\d V", na=False) & stars["BP_mag"].notna() & stars["RP_mag"].notna()]
    colour = (stars["BP_mag"] - stars["RP_mag"]).to_numpy()
    magnitude = absolute_magnitude(stars["G_mag"].to_numpy(), 1000 / stars["parallax"].to_numpy(), 0.0)
    right, printed = cmd_position(colour, magnitude), cmd_position(colour, magnitude, DM_REGION_PRINTED)
    assert len(stars) > 1000
    assert (right == "dM").mean() > 0.96  # the rest: young, blended, or redder than M6
    assert (right == "gM").sum() == 0
    assert (printed == "dM").mean() < 0.6
