"""Training as in section 3.3: Adam, batches of 128, learning rate reduced on plateaus, stopped at the least loss."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from mstars.core.config.keys import plain
from mstars.core.config.networks import Networks
from mstars.core.errors import InputError
from mstars.core.randomness import rng
from mstars.files.tables import write_table
from mstars.files.whole import atomic_path
from mstars.networks.architecture import build_network
from mstars.networks.augmentation import augment
from mstars.networks.checkpoint import read_checkpoint, remove_checkpoint, write_checkpoint
from mstars.networks.device import torch_device
from mstars.networks.folder import Model, save_model
from mstars.networks.inference import predict_classifier, predict_regressor

logger = logging.getLogger("mstars")
_PART = 64


@dataclass
class _Data:
    """What the loop needs: inputs, target per row (class number or scaled labels), weight per row, the two splits, and
    how often a row is to be seen in an epoch (None: once)."""

    x: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    train: np.ndarray
    valid: np.ndarray
    draws: np.ndarray | None = None


def class_weights(labels: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Weights n_max / n_class of the loss (section 3.4.1: 30,000 / 8,279 = 3.62 for OB).

    Raises
    ------
    InputError
        When a class has no members.
    """
    counts = np.array([np.count_nonzero(labels == name) for name in classes])
    if (counts == 0).any():
        empty = [name for name, count in zip(classes, counts, strict=True) if not count]
        raise InputError(f"training set: no spectra of class {', '.join(empty)}; give some, or leave the class out")
    return counts.max() / counts


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
    """Train a classifier and write its model folder.

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
    settings : Networks
    seed : int
        Of weights, shuffles and augmentation.
    folder : path
        Gets model.json, weights.safetensors, history.csv and validation.parquet (spectrum_key, truth, predicted,
        prob_<class>); while training also a checkpoint, from which a killed training goes on to the same result.
    task : str
        Name of the task, for the model and the log.
    keys : ndarray of str, [n], optional
        spectrum_key of each row.
    weights : ndarray, [n_class], optional
        Loss weights; by default n_max / n_class of the training split.
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
    labels, valid, classes = np.asarray(labels, dtype=str), np.asarray(valid, dtype=bool), list(classes)
    unknown = sorted(set(labels) - set(classes))
    if unknown:
        raise InputError(f"training set {task}: unknown labels {', '.join(unknown)}; classes are {', '.join(classes)}")
    train_rows, valid_rows = _splits(x, valid, task)
    if weights is None:
        weights = class_weights(labels[train_rows], classes)
    number = np.array([classes.index(label) for label in labels], dtype=np.int64)
    data = _Data(x, number, np.asarray(weights, np.float32)[number], train_rows, valid_rows)
    about = {**(about or {}), "class_weights": dict(zip(classes, map(float, weights), strict=True))}
    network, history = _fit(data, _classifier_loss, len(classes), settings, seed, Path(folder), task)
    model = Model(network, "classifier", task, classes, frame, about=_describe(about, history, data, settings, seed))
    predicted, probability = _in_chunks(predict_classifier, model, x, valid_rows)
    table = pd.DataFrame({"truth": labels[valid_rows], "predicted": predicted})
    for column, name in enumerate(classes):
        table[f"prob_{name}"] = probability[:, column]
    _write(model, history, table, keys, valid_rows, Path(folder))
    return model


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
    y, valid, names = np.asarray(y, dtype=float), np.asarray(valid, dtype=bool), list(names)
    if y.ndim != 2 or y.shape[1] != len(names):
        raise ValueError(f"labels of shape {y.shape} for {len(names)} names")
    unusable = ~np.isfinite(y) | (y <= -9998)
    if unusable.any():
        row, column = np.argwhere(unusable)[0]
        where = f"row {row}" if keys is None else f"spectrum {keys[row]}"
        count = unusable.any(axis=1).sum()
        raise InputError(f"training set {task}: {names[column]} of {where} is {y[row, column]} ({count} such rows)")
    train_rows, valid_rows = _splits(x, valid, task)
    mean, scale = y[train_rows].mean(axis=0), y[train_rows].std(axis=0)
    if not (scale > 0).all():
        constant = [name for name, value in zip(names, scale, strict=True) if not value > 0]
        raise InputError(f"training set {task}: {', '.join(constant)} has one value only; nothing to learn")
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    target = ((y - mean) / scale).astype(np.float32)
    data = _Data(x, target, weight.astype(np.float32), train_rows, valid_rows, draws)
    network, history = _fit(data, _regressor_loss, len(names), settings, seed, Path(folder), task)
    about = _describe(about or {}, history, data, settings, seed)
    model = Model(network, "regressor", task, names, frame, mean, scale, about)
    (predicted,) = _in_chunks(lambda *given: (predict_regressor(*given),), model, x, valid_rows)
    table = pd.DataFrame()
    for column, name in enumerate(names):
        table[f"{name}_true"] = y[valid_rows, column]
        table[f"{name}_predicted"] = predicted[:, column]
    _write(model, history, table, keys, valid_rows, Path(folder))
    return model


def _splits(x: np.ndarray, valid: np.ndarray, task: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the two splits, without spectra of constants (all zeros after the z-score)."""
    usable = np.concatenate([np.any(x[start : start + 1024], axis=1) for start in range(0, len(x), 1024)] or [[]])
    usable = usable.astype(bool)
    if not usable.all():
        logger.warning("%s: %d spectra of constants left out of the training", task, np.count_nonzero(~usable))
    train, held = np.flatnonzero(usable & ~valid), np.flatnonzero(usable & valid)
    if not len(train) or not len(held):
        raise InputError(f"training set {task}: {len(train)} training and {len(held)} validation spectra; need both")
    return train, held


def _classifier_loss(output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return (functional.cross_entropy(output, target, reduction="none") * weight).sum()


def _regressor_loss(output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return (((output - target) ** 2).mean(dim=1) * weight).sum()


def _fit(data: _Data, loss, n_out: int, settings: Networks, seed: int, folder: Path, task: str):
    """The loop over epochs. Returns the network with the best weights, on the CPU, and the history."""
    device = torch_device(settings.device)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    network = build_network(settings.architecture, n_out, seed).to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    judged = network
    if settings.average:
        judged = averaged_weights(network, settings.average)
        optimizer.register_step_post_hook(lambda *_: judged.update_parameters(network))
    fingerprint = _fingerprint(data, n_out, settings, seed)
    progress = {
        "history": [],
        "rate": settings.learning_rate,
        "least": math.inf,
        "mark": math.inf,
        "waited": 0,
        "since_reduced": 0,
    }
    best = _weights(judged)
    parts = {"network": network, "averaged": judged} if settings.average else {"network": network}
    restored = read_checkpoint(folder, fingerprint, parts, optimizer)
    if restored:
        best, progress = restored
        logger.info("%s: going on after epoch %d", task, len(progress["history"]))
    for epoch in range(len(progress["history"]), settings.epochs):
        if progress["waited"] >= settings.stop_patience:
            break
        started = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = progress["rate"]
        generator = rng(seed, "epoch", epoch)
        train_loss = _train_epoch(network, optimizer, data, loss, settings, device, generator)
        valid_loss = _evaluate(judged, data, loss, settings, device)
        if not math.isfinite(train_loss) or not math.isfinite(valid_loss):
            raise InputError(f"{task}: the loss is {train_loss} after epoch {epoch}; lower networks.learning_rate")
        seconds = time.perf_counter() - started
        row = {"epoch": epoch, "train_loss": train_loss, "valid_loss": valid_loss, "learning_rate": progress["rate"]}
        progress["history"].append(row)
        if _advance(progress, valid_loss, settings):
            best = _weights(judged)
        write_checkpoint(folder, fingerprint, parts, optimizer, best, progress)
        logger.info(
            "%s epoch %d/%d: loss %.5f, validation %.5f, rate %.1e, %.0f spectra/s",
            *(task, epoch + 1, settings.epochs, train_loss, valid_loss, row["learning_rate"]),
            len(data.train) / seconds,
        )
    network.load_state_dict(best)
    return network.to("cpu").eval(), pd.DataFrame(progress["history"])


def averaged_weights(network: torch.nn.Module, decay: float) -> AveragedModel:
    """A copy of the network whose weights are the running mean over its steps of training.

    The mean reaches back some 1 / (1 - ``decay``) steps, fewer at the start: the first weights soon count for nothing.
    """

    @torch.no_grad()
    def follow(averaged: list, current: list, count: torch.Tensor) -> None:
        steps = float(count)
        torch._foreach_lerp_(averaged, current, 1.0 - min(decay, (1.0 + steps) / (10.0 + steps)))

    return AveragedModel(network, multi_avg_fn=follow)


def _weights(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of a network's weights; of an averaged one the mean's."""
    network = network.module if isinstance(network, AveragedModel) else network
    return {key: value.detach().clone() for key, value in network.state_dict().items()}


def _advance(progress: dict, valid_loss: float, settings: Networks) -> bool:
    """Book-keeping after an epoch; True when it was the best so far."""
    best = valid_loss < progress["least"]
    progress["least"] = min(valid_loss, progress["least"])
    if valid_loss <= progress["mark"] - settings.least_improvement:
        progress.update(mark=valid_loss, waited=0, since_reduced=0)
        return best
    progress["waited"] += 1
    progress["since_reduced"] += 1
    if progress["since_reduced"] >= settings.reduce_patience:
        progress["rate"] = max(progress["rate"] * settings.reduce_factor, settings.least_learning_rate)
        progress["since_reduced"] = 0
    return best


def _train_epoch(network, optimizer, data: _Data, loss, settings: Networks, device, generator) -> float:
    network.train()
    order = _order(data, generator)
    total, weights = 0.0, 0.0
    for start in range(0, len(order), settings.batch_size):
        # sorted rows read faster from a memory map; their order within a batch does not matter
        rows = np.sort(order[start : start + settings.batch_size])
        x = augment(torch.from_numpy(data.x[rows]), settings.noise, settings.shift_kms, generator, settings.curve)
        weight = float(data.weight[rows].sum(dtype=np.float64))
        optimizer.zero_grad(set_to_none=True)
        # parts of a batch that fit into the CPU's caches; their gradients add up to the batch's
        step = len(rows) if device.type == "cuda" else _PART
        for first in range(0, len(rows), step):
            part = slice(first, first + step)
            with torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
                output = network(x[part].to(device))
            value = loss(output.float(), *_targets(data, rows[part], device))
            (value / weight).backward()
            total += value.item()
        optimizer.step()
        weights += weight
    return total / weights


def _order(data: _Data, generator) -> np.ndarray:
    """The rows of an epoch, shuffled; with ``draws`` of 1.3 a row comes once, and again in three epochs of ten."""
    if data.draws is None:
        return generator.permutation(data.train)
    wanted = data.draws[data.train]
    times = np.floor(wanted + generator.random(len(wanted))).astype(int)
    return generator.permutation(np.repeat(data.train, times))


def _targets(data: _Data, rows: np.ndarray, device) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(data.target[rows]).to(device), torch.from_numpy(data.weight[rows]).to(device)


@torch.inference_mode()
def _evaluate(network, data: _Data, loss, settings: Networks, device) -> float:
    network.eval()
    total = 0.0
    for start in range(0, len(data.valid), _PART):
        rows = data.valid[start : start + _PART]
        with torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
            output = network(torch.from_numpy(data.x[rows]).to(device))
        total += loss(output.float(), *_targets(data, rows, device)).item()
    return total / float(data.weight[data.valid].sum(dtype=np.float64))


def _fingerprint(data: _Data, n_out: int, settings: Networks, seed: int) -> str:
    """Hash of what a training depends on; of the spectra a sample of rows stands for all."""
    hashed = hashlib.sha256(json.dumps([plain(settings), n_out, seed, list(data.x.shape)]).encode())
    drawn = () if data.draws is None else (data.draws,)
    for array in (data.target, data.weight, data.train, data.valid, data.x[:: max(1, len(data.x) // 64)], *drawn):
        hashed.update(np.ascontiguousarray(array).tobytes())
    return hashed.hexdigest()


def _describe(about: dict, history: pd.DataFrame, data: _Data, settings: Networks, seed: int) -> dict:
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


def _write(model: Model, history: pd.DataFrame, table: pd.DataFrame, keys, rows: np.ndarray, folder: Path) -> None:
    table.insert(0, "spectrum_key", rows.astype(str) if keys is None else np.asarray(keys, dtype=str)[rows])
    write_table(table, folder / "validation.parquet")
    with atomic_path(folder / "history.csv") as temporary:
        history.to_csv(temporary, index=False)
    save_model(model, folder)
    remove_checkpoint(folder)
