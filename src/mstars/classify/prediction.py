"""A classifier applied to the candidates of a batch, from the store on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mstars.networks import Model, predict_classifier
from mstars.spectra import classifier_input
from mstars.store import iter_batch


def predict_batch(model: Model, store: str | Path, keys: np.ndarray, chunk: int = 512) -> pd.DataFrame:
    """Classes and probabilities of some spectra of a batch.

    Parameters
    ----------
    model : Model
        A classifier.
    store : str or Path
        The batch.
    keys : ndarray of str
        spectrum_key of the candidates; those the store does not hold (rejected files) are left out.
    chunk : int
        Spectra in memory at a time.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, {task}_class ('' for a spectrum of constants), {task}_prob and prob_<CLASS>, in the store's order.
    """
    wanted, parts = set(keys), []
    for spectra in iter_batch(store, chunk):
        spectra = spectra.select([key in wanted for key in spectra.spectrum_key.tolist()])
        names, probability = predict_classifier(model, classifier_input(spectra))
        parts.append((spectra.spectrum_key, names, probability))
    n_class = len(model.outputs)
    empty = (np.empty(0, str), np.empty(0, str), np.empty((0, n_class), np.float32))
    found, names, probability = (np.concatenate(arrays) for arrays in zip(*(parts or [empty]), strict=True))
    highest = probability.max(axis=1) if len(probability) else np.empty(0, np.float32)
    table = pd.DataFrame({"spectrum_key": found, f"{model.task}_class": names, f"{model.task}_prob": highest})
    for column, name in enumerate(model.outputs):
        table[f"prob_{name}"] = probability[:, column]
    return table
