"""Folds of stars for cross validation.

The folds are as even as those of `sklearn.model_selection.GroupKFold`; the seed decides which stars are together.
"""

from __future__ import annotations

import numpy as np

from mstars.core.errors import InputError


def assign_folds(units: np.ndarray, n_folds: int, generator: np.random.Generator) -> np.ndarray:
    """Fold of each spectrum, folds of about equal size, all spectra of a unit in one fold.

    Parameters
    ----------
    units : ndarray of str, [n]
        star_id (repeats of a star don't leak) or spectrum_key (the paper's random division).
    n_folds : int
        At most as many as there are units.
    generator : numpy.random.Generator

    Returns
    -------
    ndarray of int, [n]
        0 to n_folds - 1; no fold is empty.

    Raises
    ------
    InputError
        When there are fewer units than folds.
    """
    names, inverse, size = np.unique(units, return_inverse=True, return_counts=True)
    if len(names) < n_folds:
        raise InputError(f"{len(names)} stars or spectra for {n_folds} folds; lower spmm.folds")
    order = generator.permutation(len(names))
    order = order[np.argsort(-size[order], kind="stable")]
    fold, filled = np.empty(len(names), dtype=np.int64), np.zeros(n_folds, dtype=np.int64)
    for unit in order:
        fold[unit] = filled.argmin()
        filled[fold[unit]] += size[unit]
    return fold[inverse]
