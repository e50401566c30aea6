"""Folds of a cross-validation."""

import numpy as np
import pytest

from mstars.core.errors import InputError
from mstars.parameters.folds import assign_folds


def test_folds_are_never_empty():
    units = np.array(["a"] * 50 + ["b", "c"])
    assert np.bincount(assign_folds(units, 3, np.random.default_rng(0))).tolist() == [50, 1, 1]
    with pytest.raises(InputError, match="3 stars or spectra for 4 folds"):
        assign_folds(units, 4, np.random.default_rng(0))
