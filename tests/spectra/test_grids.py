"""Grids against the wavelengths that they stand for."""

import numpy as np
import pytest

from mstars.core.errors import InputError
from mstars.spectra.grids import Grid
from mstars.spectra.wavelengths import CLASSIFIER_GRID, lamost_wavelength


def test_a_linear_grid_has_both_ends():
    np.testing.assert_array_equal(Grid.linear(3900, 8899).wavelength, CLASSIFIER_GRID)
    np.testing.assert_allclose(Grid.linear(6000, 6001, 0.1).wavelength, 6000 + 0.1 * np.arange(11))
    assert len(Grid.linear(6000, 8900.5)) == 2901


def test_a_log_grid_is_lamosts_own_pixels():
    grid = Grid.log10(2205, 3806)
    np.testing.assert_array_equal(grid.wavelength, lamost_wavelength()[2205:3807])
    assert grid.wavelength[[0, -1]] == pytest.approx([6147.52, 8887.92], abs=0.01)  # SLAM's range
    np.testing.assert_array_equal(Grid.log10(0, 3908).wavelength, lamost_wavelength())


def test_pixels_are_left_out_by_wavelength():
    grid = Grid.log10(2205, 3806).without([(6560.7, 6569.8), (8000, 8001.5)])
    assert not ((grid.wavelength > 6560.7) & (grid.wavelength < 6569.8)).any()
    assert all(2205 <= number <= 3806 for number in grid.left_out) and len(grid) == 1602 - len(grid.left_out)
    linear = Grid.linear(5000, 5010).without([(5003, 5004)])
    assert linear.left_out == (3, 4) and len(linear) == 9
    twice = linear.without([(5004, 5006)])
    assert twice.left_out == (3, 4, 5, 6)


@pytest.mark.parametrize("grid", [Grid.linear(6000, 8900, 0.5), Grid.log10(10, 90, [11, 40])])
def test_a_grid_survives_a_model_folder(grid):
    again = Grid.from_dict(grid.as_dict())
    assert again == grid and hash(again) == hash(grid)
    np.testing.assert_array_equal(again.wavelength, grid.wavelength)


def test_what_is_no_grid_is_refused():
    for wrong in (
        lambda: Grid.linear(6000, 6000),
        lambda: Grid.linear(6000, 7000, 0),
        lambda: Grid.linear(np.nan, 7000),
        lambda: Grid.log10(0, 3909),
        lambda: Grid.log10(5, 9, [10]),
        lambda: Grid.log10(5, 9, [7, 6]),
        lambda: Grid.log10(5, 6, [5, 6]),
        lambda: Grid("air", 1, 2),
        lambda: Grid.from_dict({**Grid.log10(1, 2).as_dict(), "medium": "air"}),
        lambda: Grid.from_dict({"kind": "linear"}),
    ):
        with pytest.raises(InputError, match="grid"):
            wrong()
