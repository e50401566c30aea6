"""Folds of stars."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold

from mstars.core.errors import InputError
from mstars.parameters.folds import assign_folds


def stars(n=300, seed=1):
    """A name for each spectrum: most stars have one, some up to twelve."""
    generator = np.random.default_rng(seed)
    repeats = np.where(generator.random(n) < 0.2, generator.integers(2, 13, n), 1)
    return np.repeat([f"s{number}" for number in range(n)], repeats)


def test_folds_are_as_even_as_those_of_scikit_learn_and_no_star_is_in_two():
    units = stars()
    fold = assign_folds(units, 10, np.random.default_rng(3))
    ours = np.sort(np.bincount(fold))
    theirs = sorted(len(test) for _, test in GroupKFold(10).split(units, groups=units))
    assert ours.tolist() == theirs
    assert all(len(set(fold[units == name])) == 1 for name in set(units))


def test_the_generator_decides_which_stars_are_together():
    units = stars()
    same, again, other = (assign_folds(units, 5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (same == again).all() and (same != other).any()
    with pytest.raises(InputError, match="2 stars or spectra for 3 folds"):
        assign_folds(np.array(["a", "b", "b"]), 3, np.random.default_rng(1))


def test_folds_are_never_empty():
    units = np.array(["a"] * 50 + ["b", "c"])
    assert np.bincount(assign_folds(units, 3, np.random.default_rng(0))).tolist() == [50, 1, 1]
