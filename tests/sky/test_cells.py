"""Cells of the sky: every spectrum in one, none too crowded, and a small one joined with its sisters."""

import numpy as np
import pandas as pd
import pytest
from made_sky import candidates

from mstars.core.errors import InputError
from mstars.sky.cells import WHOLE_SKY, in_order, pixels, plan_cells, sky_cells


def random_sky(n, seed=1):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))


def test_a_cell_is_the_pixel_of_its_spectra_and_holds_as_many_as_allowed():
    ra, dec = random_sky(20_000)
    ra[:5000], dec[:5000] = 100 + ra[:5000] / 360, 30 + dec[:5000] / 90  # a crowded place
    cells = sky_cells(ra, dec, 1, 200, 1000)
    count = pd.Series(cells).value_counts()
    assert count.max() <= 1000 and count.sum() == len(ra)
    for name, rows in pd.Series(cells).groupby(cells).indices.items():
        order, pixel = map(int, name.split("-"))
        assert (pixels(ra[rows], dec[rows], order) == pixel).all()
    assert {name.split("-")[0] for name in count.index} >= {"1", "3"}  # most as configured, the crowded ones split


def test_small_sisters_become_one_cell_and_a_small_survey_is_one_cell():
    ra, dec = random_sky(2000)
    merged = pd.Series(sky_cells(ra, dec, 2, 30, 1000)).value_counts()
    assert {name.split("-")[0] for name in merged.index} <= {"0", "1", "2"} and merged.min() >= 10
    assert set(sky_cells(ra, dec, 2, 5000, 50_000)) == {WHOLE_SKY}


def test_spectra_of_one_place_do_not_split_for_ever():
    assert pd.Series(sky_cells(np.full(50, 10.0), np.full(50, 20.0), 0, 1, 10)).nunique() == 1


def test_spectra_without_a_place_are_in_a_cell_too():
    rows = candidates([10.0, np.nan, 400.0, 200.0], [0.0, 0.0, 0.0, -80.0])
    table, facts = plan_cells(rows, {"order": 1, "min_spectra": 1, "max_spectra": 1})
    assert sum(one["n_spectra"] for one in facts.values()) == len(table) == 4
    none, facts = plan_cells(candidates([], []), {"order": 1, "min_spectra": 1, "max_spectra": 9})
    assert len(none) == 0 and list(facts) == [WHOLE_SKY]


def test_the_digest_of_a_cell_tells_a_change_in_it_alone():
    rows = candidates([10.0, 11.0, 200.0], [0.0, 0.0, -80.0])
    settings = {"order": 1, "min_spectra": 1, "max_spectra": 2}
    _, before = plan_cells(rows, settings)
    rows.loc[2, "dec"] = -80.1
    _, after = plan_cells(rows, settings)
    assert sorted(before) == sorted(after) and [before[name] == after[name] for name in before].count(False) == 1


def test_cells_of_other_spectra_are_refused():
    rows = candidates([10.0, 11.0], [0.0, 0.0])
    with pytest.raises(InputError, match="not of these spectra"):
        in_order(rows.iloc[:1], rows)
