"""Labels of the M catalogue that the spectra contradict: they must not be trained on.

The M catalogue is the training set's only source of M spectra, and what SCM looks for, stars that are no M stars, is
in it under the label M. A network learns such labels by heart. A linear discriminant on broad bins cannot, and it is
asked about each star by a version that has not seen it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from mstars.classify.flux_bins import read_features
from mstars.core.errors import InputError
from mstars.core.randomness import rng

FOLDS = 5
LEAST_MEMBERS = 10
ROUNDS = 2

PROB_MIN = 0.5
"""Least probability of M by the discriminant: below it, some other class is the likelier one."""


def screen_labels(pool: pd.DataFrame, flux: np.ndarray, variance: np.ndarray, *, how: str, seed: int) -> pd.DataFrame:
    """Which labels to trust.

    Parameters
    ----------
    pool : pandas.DataFrame
        Of `mstars.classify.training_sets.scm_pool`: star_id, label, outside.
    flux, variance : ndarray, [n, bin]
        Of `mstars.classify.flux_bins.bin_spectra`, in the order of ``pool``. Not needed for ``none`` and ``cmd``.
    how : {"none", "cmd", "discriminant"}
        ``none`` trusts all; ``cmd`` drops M outside the CMD regions; ``discriminant`` drops M to which the linear
        discriminant gives a probability of less than `PROB_MIN`, wherever it lies in the CMD: metal-poor dwarfs lie
        outside the regions too. In its first round M outside the regions are not learnt from, in the second those that
        the first dropped.
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``pool`` with ``m_probability`` (of the discriminant; NaN where it was not asked) and ``kept``.

    Raises
    ------
    InputError
        When ``how`` is unknown.
    """
    labels, outside = pool["label"].to_numpy(dtype=str), pool["outside"].to_numpy(dtype=bool)
    result = pool.assign(m_probability=np.nan, kept=True)
    if how == "none":
        return result
    if how == "cmd":
        return result.assign(kept=~outside)
    if how != "discriminant":
        raise InputError(f"scm.screen: {how!r} is not one of none, cmd, discriminant")
    fold = _folds(pool["star_id"].to_numpy(dtype=str), seed)
    inputs, doubted = _inputs(flux, variance), outside
    for _ in range(ROUNDS):
        probability = _m_probability(inputs, labels, fold, ~doubted)
        doubted = (labels == "M") & (probability < PROB_MIN)
    return result.assign(m_probability=probability, kept=~doubted)


def screen_pool(pool: pd.DataFrame, stores: Mapping[str, str | Path], *, how: str, seed: int) -> pd.DataFrame:
    """`screen_labels`, with the spectra read where the screening needs them.

    Parameters
    ----------
    pool : pandas.DataFrame
        With batch and row, beside what `screen_labels` needs.
    stores : mapping of str to path
        A store for each batch.
    how, seed
        As for `screen_labels`.
    """
    features = read_features(pool, stores) if how == "discriminant" else {"flux": None, "variance": None}
    return screen_labels(pool, features["flux"], features["variance"], how=how, seed=seed)


def _folds(stars: np.ndarray, seed: int) -> np.ndarray:
    names, inverse = np.unique(stars, return_inverse=True)
    return rng(seed, "screen").permutation(len(names))[inverse] % FOLDS


def _inputs(flux: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Bins with gaps filled by the bin's median, cosmic rays clipped, z-scored by spectrum."""
    known = np.isfinite(variance)
    filled = np.where(known, flux, np.nanmedian(np.where(known, flux, np.nan), axis=0, keepdims=True))
    filled = np.clip(np.nan_to_num(filled), -1.0, 6.0)
    spread = filled.std(axis=1, keepdims=True)
    return (filled - filled.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)


def _m_probability(inputs: np.ndarray, labels: np.ndarray, fold: np.ndarray, learnt: np.ndarray) -> np.ndarray:
    """Probability of M by a discriminant that has not seen the star; 1 where there is nothing to compare with."""
    probability = np.ones(len(labels))
    for number in range(FOLDS):
        train = learnt & (fold != number)
        names, counts = np.unique(labels[train], return_counts=True)
        classes = names[counts >= LEAST_MEMBERS]
        asked = np.flatnonzero(fold == number)
        if len(classes) < 2 or "M" not in classes or not len(asked):
            continue
        train &= np.isin(labels, classes)
        discriminant = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=1e-3).fit(inputs[train], labels[train])
        column = list(discriminant.classes_).index("M")
        probability[asked] = discriminant.predict_proba(inputs[asked])[:, column]
    return probability
