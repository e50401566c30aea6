"""Weights of the classes in a classifier's loss (section 3.4.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mstars.core.errors import InputError


def class_weights(labels: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Weights n_max / n_class: a class counts as much as the largest one (30,000 / 8,279 = 3.62 for OB).

    Parameters
    ----------
    labels : ndarray of str, [n]
        Of the training split.
    classes : sequence of str, [m]

    Returns
    -------
    ndarray of float, [m]

    Raises
    ------
    InputError
        A class has no members.
    """
    counts = np.array([np.count_nonzero(labels == name) for name in classes])
    if (counts == 0).any():
        empty = [name for name, count in zip(classes, counts, strict=True) if not count]
        raise InputError(f"training set: no spectra of class {', '.join(empty)}; give some, or leave the class out")
    return counts.max() / counts
