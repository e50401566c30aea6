"""Training of a network from labels to its model folder (section 3.3)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.config.keys import plain
from mstars.core.config.networks import Networks
from mstars.core.errors import InputError
from mstars.core.missing import without_missing
from mstars.files.tables import write_table
from mstars.files.whole import atomic_path
from mstars.networks.checkpoint import remove_checkpoint
from mstars.networks.class_weights import class_weights
from mstars.networks.epochs import TrainingData, classifier_loss, fit, regressor_loss
from mstars.networks.folder import Model, save_model
from mstars.networks.inference import predict_classifier, predict_regressor

logger = logging.getLogger("mstars")


def train_classifier(
    x: np.ndarray,
    labels: np.ndarray,
    valid: np.ndarray,
    *,
    classes: Sequence[str],
    settings: Networks,
    seed: int,
    folder: str | Path,
    task: str,
    keys: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    frame: str = "observed",
    about: dict | None = None,
) -> Model:
    """Train a classifier and write its model folder; ``seed`` is of weights, shuffles and augmentation.

    Parameters
    ----------
    x : ndarray of float32, [n, 5000]
        z-scored spectra, may be memory-mapped.
    labels : ndarray of str, [n]
        Class of each spectrum.
    valid : ndarray of bool, [n]
        Validation split; the rest is trained on.
    classes : sequence of str
        The outputs, in order.
    settings, seed : Networks, int
    folder : path
        Gets model.json, weights.safetensors, history.csv and validation.parquet (spectrum_key, truth, predicted,
        prob_<class>); while training also a checkpoint, from which a killed training goes on to the same result.
    task : str
        For the model and the log.
    keys : ndarray of str, [n], optional
        spectrum_key of each row.
    weights : ndarray, [n_class], optional
        Of the loss (`class_weights`).
    frame : {"observed", "rest"}
    about : dict, optional
        Kept in model.json.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        Unknown labels, a class without members in the training split, an empty validation split.
    """
    labels, classes = np.asarray(labels, dtype=str), list(classes)
    data, weights = _classifier_data(x, labels, valid, classes, weights, task)
    network, history = fit(data, classifier_loss, len(classes), settings, seed=seed, folder=Path(folder), task=task)
    about = {**(about or {}), "class_weights": dict(zip(classes, map(float, weights), strict=True))}
    model = Model(network, "classifier", task, classes, frame, about=_describe(about, history, data, settings, seed))
    predicted, probability = _in_chunks(predict_classifier, model, x, data.valid)
    table = pd.DataFrame({"truth": labels[data.valid], "predicted": predicted})
    table = table.assign(**{f"prob_{name}": probability[:, column] for column, name in enumerate(classes)})
    write_trained(model, history, _keyed(table, keys, data.valid), folder)
    return model


def _classifier_data(x, labels, valid, classes, weights, task) -> tuple[TrainingData, np.ndarray]:
    """Both splits with class numbers, and the weight of each class."""
    unknown = sorted(set(labels) - set(classes))
    if unknown:
        raise InputError(f"training set {task}: unknown labels {', '.join(unknown)}; classes are {', '.join(classes)}")
    train, held = _splits(x, valid, task)
    weights = class_weights(labels[train], classes) if weights is None else weights
    number = np.array([classes.index(label) for label in labels], dtype=np.int64)
    return TrainingData(x, number, np.asarray(weights, np.float32)[number], train, held), weights


def train_regressor(
    x: np.ndarray,
    y: np.ndarray,
    valid: np.ndarray,
    *,
    names: Sequence[str],
    settings: Networks,
    seed: int,
    folder: str | Path,
    task: str,
    keys: np.ndarray | None = None,
    sample_weight: np.ndarray | None = None,
    draws: np.ndarray | None = None,
    frame: str = "rest",
    about: dict | None = None,
) -> Model:
    """Train a regressor of labels (CNN-TLMA) and write its model folder.

    The labels are z-scored with mean and standard deviation of the training split (the scaler is fitted inside the
    fold); the loss is the mean squared error of the scaled labels.

    Parameters
    ----------
    x, valid, settings, seed, folder, task, keys, frame, about
        As for `train_classifier`. validation.parquet has spectrum_key, {name}_true and {name}_predicted.
    y : ndarray, [n, n_label]
        Labels in their own units.
    names : sequence of str
        Names of the labels.
    sample_weight : ndarray, [n], optional
        Weight of each spectrum in the loss; by default 1.
    draws : ndarray, [n], optional
        Oversampling: how often an epoch is to see each training spectrum on average; by default once. The validation
        loss is not touched.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        A label that is not finite or -9999, or does not vary; an empty split.
    """
    y, names = np.asarray(y, dtype=float), list(names)
    _check_labels(y, names, keys, task)
    data, mean, scale = _regressor_data(x, y, valid, names, sample_weight, draws, task)
    network, history = fit(data, regressor_loss, len(names), settings, seed=seed, folder=Path(folder), task=task)
    about = _describe(about or {}, history, data, settings, seed)
    model = Model(network, "regressor", task, names, frame, mean, scale, about)
    (predicted,) = _in_chunks(lambda *given: (predict_regressor(*given),), model, x, data.valid)
    table = pd.DataFrame()
    for column, name in enumerate(names):
        table[f"{name}_true"] = y[data.valid, column]
        table[f"{name}_predicted"] = predicted[:, column]
    write_trained(model, history, _keyed(table, keys, data.valid), folder)
    return model


def _check_labels(y: np.ndarray, names: list[str], keys, task: str) -> None:
    """Refuse labels that are not finite, or -9999."""
    if y.ndim != 2 or y.shape[1] != len(names):
        raise ValueError(f"labels of shape {y.shape} for {len(names)} names")
    unusable = ~np.isfinite(without_missing(y))
    if unusable.any():
        row, column = np.argwhere(unusable)[0]
        where = f"row {row}" if keys is None else f"spectrum {keys[row]}"
        count = unusable.any(axis=1).sum()
        raise InputError(f"training set {task}: {names[column]} of {where} is {y[row, column]} ({count} such rows)")


def _regressor_data(x, y, valid, names, sample_weight, draws, task) -> tuple[TrainingData, np.ndarray, np.ndarray]:
    """Both splits with scaled labels; mean and standard deviation of the labels in the training split, [n_label]."""
    train, held = _splits(x, valid, task)
    mean, scale = y[train].mean(axis=0), y[train].std(axis=0)
    if not (scale > 0).all():
        constant = [name for name, value in zip(names, scale, strict=True) if not value > 0]
        raise InputError(f"training set {task}: {', '.join(constant)} has one value only; nothing to learn")
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    target = ((y - mean) / scale).astype(np.float32)
    return TrainingData(x, target, weight.astype(np.float32), train, held, draws), mean, scale


def _splits(x: np.ndarray, valid: np.ndarray, task: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the two splits, without spectra of constants (all zeros after the z-score)."""
    valid = np.asarray(valid, dtype=bool)
    usable = np.concatenate([np.any(x[start : start + 1024], axis=1) for start in range(0, len(x), 1024)] or [[]])
    usable = usable.astype(bool)
    if not usable.all():
        logger.warning("%s: %d spectra of constants left out of the training", task, np.count_nonzero(~usable))
    train, held = np.flatnonzero(usable & ~valid), np.flatnonzero(usable & valid)
    if not len(train) or not len(held):
        raise InputError(f"training set {task}: {len(train)} training and {len(held)} validation spectra; need both")
    return train, held


def _describe(about: dict, history: pd.DataFrame, data: TrainingData, settings: Networks, seed: int) -> dict:
    best = history.loc[history["valid_loss"].idxmin()]
    return {
        **about,
        "settings": plain(settings),
        "seed": seed,
        "n_train": len(data.train),
        "n_valid": len(data.valid),
        "epochs": len(history),
        "best_epoch": int(best["epoch"]),
        "validation_loss": float(best["valid_loss"]),
    }


def _in_chunks(function, model: Model, x: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
    """A prediction for some rows of a memory-mapped array without holding them all."""
    parts = [function(model, x[rows[start : start + 1024]]) for start in range(0, len(rows), 1024)]
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]


def _keyed(table: pd.DataFrame, keys, rows: np.ndarray) -> pd.DataFrame:
    """With the spectrum_key of each row, or its number, as first column."""
    table.insert(0, "spectrum_key", rows.astype(str) if keys is None else np.asarray(keys, dtype=str)[rows])
    return table


def write_trained(model: Model, history: pd.DataFrame, validation: pd.DataFrame, folder: str | Path) -> None:
    """Write the folder of a training that has ended; its checkpoint goes.

    Parameters
    ----------
    model : Model
    history : pandas.DataFrame
        Losses by epoch, for history.csv.
    validation : pandas.DataFrame
        Predictions for the spectra kept out, for validation.parquet.
    folder : str or Path
    """
    folder = Path(folder)
    write_table(validation, folder / "validation.parquet")
    with atomic_path(folder / "history.csv") as temporary:
        history.to_csv(temporary, index=False)
    save_model(model, folder)
    remove_checkpoint(folder)
