"""The library: one spectrum a cell, and noise."""

import numpy as np

from mstars.engines.laspm.library import library_noise, one_a_cell


def test_one_a_cell_is_the_best_of_each():
    labels = np.array([[3510.0, 4.71, 0.02], [3549.0, 4.79, 0.09], [3551.0, 4.75, 0.05], [3510.0, 4.81, 0.02]])
    assert one_a_cell(labels, np.array([10.0, 90.0, 5.0, 7.0]), (50, 0.1, 0.1)).tolist() == [1, 2, 3]


def test_typical_noise_leaves_out_what_is_unknown():
    noise, level = library_noise(np.array([[4, 0, 0], [1, 0, 2], [0.25, 0, 0], [0, 0, 0]], np.float32))
    np.testing.assert_allclose(noise, [1, 0, 0.5])
    np.testing.assert_allclose(level, [0.25, 1, 4, 1])
