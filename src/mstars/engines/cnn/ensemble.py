"""The folds' models of CNN-TLMA."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.networks.folder import Model, load_model
from mstars.networks.inference import Ensemble


def load_folds(folders: Sequence[str | Path], kind: str) -> list[Model]:
    """Models of a class, checked: regressors of the four labels in the rest frame.

    Raises
    ------
    InputError
        No folder, or one that holds another kind of model.
    """
    if not folders:
        raise InputError(f"no models of tlma_{kind}; train them, or correct models.path")
    models = [load_model(folder) for folder in folders]
    for folder, model in zip(folders, models, strict=True):
        if model.kind != "regressor" or tuple(model.outputs) != LABELS or model.frame != "rest":
            raise InputError(
                f"{folder}: a {model.kind} of {', '.join(model.outputs)} in the {model.frame} frame, expected a "
                f"regressor of {', '.join(LABELS)} in the rest frame"
            )
        if model.task != f"tlma_{kind}":
            raise InputError(f"{folder}: a model of {model.task}, expected tlma_{kind}")
    return models


def training_limits(models: Sequence[Model]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Least and greatest of each label that any fold was trained on; None where a model does not say."""
    lower = [model.about.get("label_min") for model in models]
    upper = [model.about.get("label_max") for model in models]
    if None in lower or None in upper:
        return None, None
    return np.min(lower, axis=0), np.max(upper, axis=0)


def fold_outputs(
    x: np.ndarray, table: pd.DataFrame, models: Sequence[Model], chunk: int = 512
) -> tuple[np.ndarray, ...]:
    """Predictions for the training stars: by the one model that has not seen them, and by the ensemble.

    Parameters
    ----------
    x : ndarray of float32, [n, 5000]
        Inputs, may be memory-mapped, in the order of ``table``.
    table : pandas.DataFrame
        The training set: fold.
    models : sequence of Model
        In the order of the folds.
    chunk : int
        Spectra in memory at a time.

    Returns
    -------
    own, mean, spread, others : ndarray of float64, [n, k]
        Out of fold; mean and standard deviation of the ensemble; `spread_of_others`.
    """
    fold = table["fold"].to_numpy(dtype=int)
    if fold.max() + 1 != len(models):
        raise InputError(f"training set of {fold.max() + 1} folds, {len(models)} models; train again")
    graph, n = Ensemble(models), len(table)
    own, mean, spread, others = (np.empty((n, len(LABELS))) for _ in range(4))
    for start in range(0, n, chunk):
        part = slice(start, min(start + chunk, n))
        outputs = graph.predict(np.asarray(x[part]))
        own[part] = outputs[fold[part], np.arange(part.stop - part.start)]
        mean[part], spread[part] = outputs.mean(axis=0), outputs.std(axis=0)
        others[part] = spread_of_others(outputs, fold[part])
    return own, mean, spread, others


def spread_of_others(outputs: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Standard deviation of the models that have seen a star.

    With the one that has not, the spread would hold the residual that it is to explain.

    Parameters
    ----------
    outputs : ndarray, [model, n, k]
    fold : ndarray of int, [n]
        The model that has not seen the star.

    Returns
    -------
    ndarray, [n, k]
    """
    result = np.empty(outputs.shape[1:])
    for number in np.unique(fold):
        rows = np.flatnonzero(fold == number)
        result[rows] = np.delete(outputs[:, rows], number, axis=0).std(axis=0)
    return result
