"""Spectra of one star."""

import pandas as pd

from mstars.sky.star_groups import star_groups


def test_spectra_of_one_star_are_grouped_by_name_and_by_place():
    table = pd.DataFrame(
        {
            "spectrum_key": list("abcdef"),
            "ra": [10, 10 + 2 / 3600, 50, 80, 359.9999, 0.0001],
            "dec": [0.0, 0.0, 20, 30, 0, 0],
            "star_id": ["7", None, "7", "", "", None],
        }
    )
    groups = star_groups(table, 3.0)
    assert groups.tolist() == ["7", "7", "7", "pos-d", "pos-e", "pos-e"]
    assert star_groups(table, 0.5).tolist() == ["7", "pos-b", "7", "pos-d", "pos-e", "pos-f"]
