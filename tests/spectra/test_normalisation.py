"""Normalisation."""

import numpy as np

from mstars.spectra.normalisation import zscore


def test_zscore():
    x = zscore(np.array([[1.0, 2, 3], [5, 5, 5]]))
    np.testing.assert_allclose(x[0].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(x[0].std(), 1, atol=1e-6)
    assert not x[1].any()
