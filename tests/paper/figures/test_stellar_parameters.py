"""Parameter figures."""

import numpy as np

from mstars.paper.figures.stellar_parameters import running_error


def test_running_error_is_the_median_of_intervals_five_wide():
    snr = np.array([11, 12, 13, 14, 14.9, 199, 200, 300, -9999, np.nan])
    error = np.array([1.0, 2, 3, 4, 5, 7, 8, 9, 10, 11])
    table = running_error(snr, error)
    assert table["snr"].tolist() == [12.5, 197.5] and table["n"].tolist() == [5, 1]
    assert table["median"].tolist() == [3.0, 7.0]
    assert np.allclose(table["p16"][0], np.percentile(error[:5], 16))
