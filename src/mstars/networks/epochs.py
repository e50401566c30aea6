"""The loop over epochs of section 3.3: Adam, batches, learning rate reduced on plateaus, stopped at the least loss."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.nn import functional
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel

from mstars.core.config.keys import plain
from mstars.core.config.networks import Networks
from mstars.core.errors import InputError
from mstars.core.randomness import rng
from mstars.networks.architecture import Network, build_network
from mstars.networks.augmentation import augment
from mstars.networks.checkpoint import read_checkpoint, write_checkpoint
from mstars.networks.device import torch_device

logger = logging.getLogger("mstars")

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]

_PART = 64
"""Spectra whose gradients are computed at a time on a CPU: they fit into its caches."""


@dataclass
class TrainingData:
    """Spectra and targets of both splits.

    Attributes
    ----------
    x : ndarray of float32, [n, 5000]
        z-scored spectra, may be memory-mapped.
    target : ndarray, [n] or [n, n_label]
        Class numbers (int64), or scaled labels (float32).
    weight : ndarray of float32, [n]
        Of each spectrum in the loss.
    train, valid : ndarray of int
        Rows of the two splits.
    draws : ndarray, [n], optional
        How often an epoch is to see each training spectrum on average; None: once.
    """

    x: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    train: np.ndarray
    valid: np.ndarray
    draws: np.ndarray | None = None


def classifier_loss(output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Weighted cross entropy (section 3.4.1), summed over a part of a batch.

    Parameters
    ----------
    output : Tensor, [n, n_class]
    target : Tensor, [n]
        Class numbers.
    weight : Tensor, [n]

    Returns
    -------
    Tensor
        A scalar.
    """
    return (functional.cross_entropy(output, target, reduction="none") * weight).sum()


def regressor_loss(output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Weighted squared error, its mean over the labels (section 3.4.4), summed over a part of a batch.

    Parameters
    ----------
    output : Tensor, [n, n_label]
    target : Tensor, [n, n_label]
        Scaled labels.
    weight : Tensor, [n]

    Returns
    -------
    Tensor
        A scalar.
    """
    return (((output - target) ** 2).mean(dim=1) * weight).sum()


def fit(
    data: TrainingData, loss: Loss, n_out: int, settings: Networks, *, seed: int, folder: Path, task: str
) -> tuple[Network, pd.DataFrame]:
    """Train until the validation loss falls no more.

    Parameters
    ----------
    data : TrainingData
    loss : callable
        `classifier_loss` or `regressor_loss`.
    n_out, settings, seed : int, Networks, int
    folder : Path
        Gets a checkpoint after each epoch; a killed training goes on from it to the same result.
    task : str
        For the log.

    Returns
    -------
    network : Network
        With the best weights, on the CPU.
    history : pandas.DataFrame
        One row an epoch: epoch, train_loss, valid_loss, learning_rate.

    Raises
    ------
    InputError
        When the loss is no longer finite.
    """
    device = torch_device(settings.device)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    network = build_network(settings.architecture, n_out, seed).to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    judged = network
    if settings.average:
        judged = averaged_weights(network, settings.average)
        optimizer.register_step_post_hook(lambda *_: judged.update_parameters(network))
    mark = fingerprint(data, n_out, settings, seed)
    parts = {"network": network, "averaged": judged} if settings.average else {"network": network}
    beginning = {"history": [], "least": math.inf, "waited": 0}
    best, progress = read_checkpoint(folder, mark, parts, optimizer) or (_weights(judged), beginning)
    plateau = _plateau(optimizer, settings, progress.get("plateau"))
    if progress["history"]:
        logger.info("%s: going on after epoch %d", task, len(progress["history"]))
    for epoch in range(len(progress["history"]), settings.epochs):
        if progress["waited"] >= settings.stop_patience:
            break
        started, learning_rate = time.perf_counter(), plateau.get_last_lr()[0]
        train_loss = train_epoch(network, optimizer, data, loss, settings, device, rng(seed, "epoch", epoch))
        valid_loss = _evaluate(judged, data, loss, settings, device)
        if not math.isfinite(train_loss) or not math.isfinite(valid_loss):
            raise InputError(f"{task}: the loss is {train_loss} after epoch {epoch}; lower networks.learning_rate")
        rate = len(data.train) / (time.perf_counter() - started)
        row = {"epoch": epoch, "train_loss": train_loss, "valid_loss": valid_loss, "learning_rate": learning_rate}
        progress["history"].append(row)
        if _advance(progress, plateau, valid_loss):
            best = _weights(judged)
        write_checkpoint(folder, mark, parts, optimizer, best, progress)
        _tell(task, row, settings.epochs, rate)
    network.load_state_dict(best)
    return network.to("cpu").eval(), pd.DataFrame(progress["history"])


def _tell(task: str, row: dict, epochs: int, spectra_per_s: float) -> None:
    losses = row["train_loss"], row["valid_loss"], row["learning_rate"]
    text = "%s epoch %d/%d: loss %.5f, validation %.5f, rate %.1e, %.0f spectra/s"
    logger.info(text, task, row["epoch"] + 1, epochs, *losses, spectra_per_s)


def averaged_weights(network: torch.nn.Module, decay: float) -> AveragedModel:
    """A copy of the network whose weights are the running mean over its steps of training.

    The mean reaches back some 1 / (1 - ``decay``) steps, fewer at the start: the first weights soon count for nothing.

    Parameters
    ----------
    network : Module
    decay : float
        0 to 1.

    Returns
    -------
    AveragedModel
        `AveragedModel.update_parameters` is to be called after each step.
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


def _plateau(optimizer, settings: Networks, state: dict | None) -> ReduceLROnPlateau:
    """The learning rate falls where the validation loss has not for ``reduce_patience`` epochs; ``state``: goes on."""
    plateau = ReduceLROnPlateau(
        optimizer,
        factor=settings.reduce_factor,
        patience=settings.reduce_patience - 1,
        threshold=settings.least_improvement,
        threshold_mode="abs",
        min_lr=settings.least_learning_rate,
        eps=0.0,
    )
    if state is not None:
        plateau.load_state_dict(state)
        for group, rate in zip(optimizer.param_groups, plateau.get_last_lr(), strict=True):
            group["lr"] = rate
    return plateau


def _advance(progress: dict, plateau: ReduceLROnPlateau, valid_loss: float) -> bool:
    """Book-keeping after an epoch; True when it was the best so far."""
    best, mark = valid_loss < progress["least"], plateau.best
    plateau.step(valid_loss)
    waited = 0 if plateau.best != mark else progress["waited"] + 1
    progress.update(least=min(valid_loss, progress["least"]), waited=waited, plateau=plateau.state_dict())
    return best


def train_epoch(network, optimizer, data: TrainingData, loss: Loss, settings: Networks, device, generator) -> float:
    """One epoch: every row of the training split, in batches.

    Parameters
    ----------
    network : Network
        On the device.
    optimizer : torch.optim.Optimizer
    data, loss, settings
        As for `fit`.
    device : torch.device
    generator : numpy.random.Generator
        Of the order of the rows and of the augmentation.

    Returns
    -------
    float
        Mean loss, of the augmented spectra.
    """
    network.train()
    order = order_of_epoch(data, generator)
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


def order_of_epoch(data: TrainingData, generator: np.random.Generator) -> np.ndarray:
    """The rows of an epoch, shuffled; with ``draws`` of 1.3 a row comes once, and again in three epochs of ten.

    Parameters
    ----------
    data : TrainingData
    generator : numpy.random.Generator

    Returns
    -------
    ndarray of int
    """
    if data.draws is None:
        return generator.permutation(data.train)
    wanted = data.draws[data.train]
    times = np.floor(wanted + generator.random(len(wanted))).astype(int)
    return generator.permutation(np.repeat(data.train, times))


def _targets(data: TrainingData, rows: np.ndarray, device) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(data.target[rows]).to(device), torch.from_numpy(data.weight[rows]).to(device)


@torch.inference_mode()
def _evaluate(network, data: TrainingData, loss: Loss, settings: Networks, device) -> float:
    network.eval()
    total = 0.0
    for start in range(0, len(data.valid), _PART):
        rows = data.valid[start : start + _PART]
        with torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
            output = network(torch.from_numpy(data.x[rows]).to(device))
        total += loss(output.float(), *_targets(data, rows, device)).item()
    return total / float(data.weight[data.valid].sum(dtype=np.float64))


def fingerprint(data: TrainingData, n_out: int, settings: Networks, seed: int) -> str:
    """Hash of what a training depends on; of the spectra a sample of rows stands for all.

    Parameters
    ----------
    data, n_out, settings, seed
        As for `fit`.

    Returns
    -------
    str
    """
    hashed = hashlib.sha256(json.dumps([plain(settings), n_out, seed, list(data.x.shape)]).encode())
    drawn = () if data.draws is None else (data.draws,)
    for array in (data.target, data.weight, data.train, data.valid, data.x[:: max(1, len(data.x) // 64)], *drawn):
        hashed.update(np.ascontiguousarray(array).tobytes())
    return hashed.hexdigest()
