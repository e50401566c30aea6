"""Classifiers and the outlier score applied to the candidates of a batch, from the store on, in one reading of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.classify.outliers import OutlierModel, score_spectra
from mstars.files.stores import iter_batch, read_batch
from mstars.networks.folder import Model
from mstars.networks.inference import predict_classifier
from mstars.spectra.arms import ARMS, arms_without_data
from mstars.spectra.container import SpectrumSet
from mstars.spectra.preprocessing import classifier_input

NEEDED_ARM = {"dmgm": "red", "spt": "red", "spt9": "red", "wdm": "blue"}
"""Arm that a classifier can't do without.

What tells dwarfs from giants (CaH, Na I, K I) and M from K (TiO) is in the red one, the Balmer lines of white dwarfs
are in the blue one. Of 48 real M dwarfs cut at 6100 A CNN-dMgM calls 67 percent giants, and CNN-SPT calls 73 percent
something else than M with a probability above 0.9. Cut below 5800 A, 19 percent are white dwarfs to CNN-WDM.
"""

VOTE_SHARE = dict.fromkeys(ARMS, 0.3)
"""Least share of the arm for M or not; dwarf or giant needs `mstars.spectra.arms.LEAST_SHARE`.

With 0.3 of the red one CNN-SPT still calls 70 percent of these dwarfs M, of 83 percent with all of it.
"""


def classify_batch(
    models: Sequence[Model],
    store: str | Path,
    keys: np.ndarray,
    outliers: OutlierModel | None = None,
    chunk: int = 512,
) -> dict[str, pd.DataFrame]:
    """Classes and probabilities of some spectra of a batch by each of some classifiers.

    Parameters
    ----------
    models : sequence of Model
        Classifiers; the spectra are read and preprocessed once for all of them.
    store : str or Path
        The batch.
    keys : ndarray of str
        spectrum_key of the candidates; those the store does not hold (rejected files) are left out.
    outliers : OutlierModel, optional
        With it the table `ood` of `mstars.classify.outliers.score_spectra` is made in the same reading.
    chunk : int
        Spectra in memory at a time.

    Returns
    -------
    dict of pandas.DataFrame
        For each model's task spectrum_key, {task}_class, {task}_prob and prob_<CLASS>, in the store's order; and
        ``ood``. The class is '' (no vote) for a spectrum of constants, and null probabilities go with it for one
        whose `NEEDED_ARM` lacks data.
    """
    wanted = set(keys)
    parts = [classify_spectra(models, outliers, read_batch(store, slice(0, 0)))]  # the columns, should there be none
    for spectra in iter_batch(store, chunk):
        spectra = spectra.having(wanted)
        parts.append(classify_spectra(models, outliers, spectra))
    return {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}


def classify_spectra(
    models: Sequence[Model], outliers: OutlierModel | None, spectra: SpectrumSet
) -> dict[str, pd.DataFrame]:
    """The tables of `classify_batch` for spectra in memory.

    Parameters
    ----------
    models : sequence of Model
    outliers : OutlierModel or None
    spectra : SpectrumSet
        In the observed frame.
    """
    inputs = classifier_input(spectra)
    lost, hardly = arms_without_data(spectra), arms_without_data(spectra, VOTE_SHARE)
    tables = {}
    for model in models:
        needed = [NEEDED_ARM[model.task]] if model.task in NEEDED_ARM else ARMS
        without = lost if model.task == "dmgm" else hardly
        blind = np.all([without[arm] for arm in needed], axis=0)
        tables[model.task] = _classified(model, spectra.spectrum_key, inputs, blind)
    if outliers is not None:
        tables["ood"] = score_spectra(outliers, spectra)
    return tables


def _classified(model: Model, keys: np.ndarray, inputs: np.ndarray, blind: np.ndarray) -> pd.DataFrame:
    names, probability = predict_classifier(model, inputs)
    if blind.any():
        names, probability = np.where(blind, "", names), np.where(blind[:, None], np.float32(np.nan), probability)
    highest = probability.max(axis=1) if len(probability) else np.empty(0, np.float32)
    table = {"spectrum_key": keys.astype(str), f"{model.task}_class": names, f"{model.task}_prob": highest}
    table |= {f"prob_{name}": probability[:, column] for column, name in enumerate(model.outputs)}
    return pd.DataFrame(table)
