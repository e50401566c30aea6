"""Cleaning by a network that predicts the labels: stars of the test whose labels it does not confirm leave (2.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn

from mstars.core.robust import mad_std

TEST_SHARE = 5
"""One of so many stars is tested."""

LEAST_STARS = 50
"""Stars that a training needs."""

_EVERY = 100


@dataclass
class NetworkCleaning:
    """Who left, and how the trainings went.

    Attributes
    ----------
    removed_in : ndarray of int, [n]
        Number of the round, from 1; 0: stayed.
    reason : ndarray of str, [n]
        Labels with their differences; '' for those that stayed.
    predicted : ndarray, [n, label]
        By the last network that had not seen the star; NaN for stars that were never tested.
    history : pandas.DataFrame
        round, step, loss (of the training), test_loss.
    rounds : pandas.DataFrame
        round, trained, tested, removed, and for each label the robust scatter of the test.
    """

    removed_in: np.ndarray
    reason: np.ndarray
    predicted: np.ndarray
    history: pd.DataFrame
    rounds: pd.DataFrame


def clean_by_network(
    flux: np.ndarray,
    labels: np.ndarray,
    star: np.ndarray,
    names: Sequence[str],
    settings: Mapping,
    random: np.random.Generator,
) -> NetworkCleaning:
    """Train, test, and let those go that are off; again with another test.

    Parameters
    ----------
    flux : ndarray of float32, [n, pixel]
        6000-8800 A.
    labels : ndarray, [n, label]
    star : ndarray of str, [n]
        A star's spectra are tested together.
    names : sequence of str
        Of the labels.
    settings : mapping
        Section ``engines.laspm.golden.network``.
    random : numpy.random.Generator

    Returns
    -------
    NetworkCleaning
    """
    n = len(labels)
    result = NetworkCleaning(np.zeros(n, int), np.full(n, "", object), np.full(labels.shape, np.nan), [], [])
    stars, own = np.unique(star, return_inverse=True)
    parts = random.permutation(len(stars)) % TEST_SHARE
    for number in range(1, settings["rounds"] + 1):
        if settings["test"] == "random":
            parts = random.permutation(len(stars)) % TEST_SHARE
        stays = result.removed_in == 0
        tested = stays & (parts[own] == (number - 1) % TEST_SHARE)
        trained = stays & ~tested
        if trained.sum() < LEAST_STARS or not tested.any():
            break
        seed = int(random.integers(2**31))
        predicted, history = _train_and_test(flux, labels, trained, tested, settings, seed)
        result.predicted[tested] = predicted
        scatter = _judge(result, labels, predicted, np.flatnonzero(tested), names, number, settings)
        result.history.append(history.assign(round=number))
        removed = int((result.removed_in == number).sum())
        counts = {"round": number, "trained": int(trained.sum()), "tested": int(tested.sum()), "removed": removed}
        result.rounds.append(counts | scatter)
        if removed == 0 and settings["test"] == "random":
            break
    heads = ["round", "step", "loss", "test_loss"]
    result.history = pd.concat(result.history)[heads] if result.history else pd.DataFrame(columns=heads)
    result.rounds = pd.DataFrame(result.rounds)
    return result


def _judge(result, labels, predicted, rows, names, number, settings) -> dict[str, float]:
    """Mark the tested stars that are off, and give the scatter of the test."""
    off = predicted - labels[rows]
    scatter = np.array([mad_std(column) for column in off.T])
    limit = np.maximum(np.asarray(settings["limit"], dtype=float), settings["limit_sigma"] * scatter)
    wrong = np.abs(off) > limit
    for row, far, values in zip(rows, wrong, off, strict=True):
        if far.any():
            result.removed_in[row] = number
            said = (f"{name} {value:+.3g}" for name, value, is_off in zip(names, values, far, strict=True) if is_off)
            result.reason[row] = "network: " + ", ".join(said)
    return dict(zip(names, scatter.tolist(), strict=True))


def _network(sizes: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _train_and_test(flux, labels, trained, tested, settings, seed) -> tuple[np.ndarray, pd.DataFrame]:
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network([flux.shape[1], *settings["hidden"], labels.shape[1]])
    centre, scale = flux[trained].mean(axis=0), np.maximum(flux[trained].std(axis=0), 1e-6)
    mean, spread = labels[trained].mean(axis=0), np.maximum(labels[trained].std(axis=0), 1e-9)
    x, test_x = (torch.from_numpy(((flux[rows] - centre) / scale).astype(np.float32)) for rows in (trained, tested))
    y, test_y = (torch.from_numpy(((labels[rows] - mean) / spread).astype(np.float32)) for rows in (trained, tested))
    optimiser, loss_of = torch.optim.Adam(network.parameters(), lr=settings["learning_rate"]), nn.MSELoss()
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings["steps"])
    history = []
    for step in range(1, settings["steps"] + 1):
        rows = torch.randint(len(x), (min(settings["batch"], len(x)),), generator=generator)
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(network(x[rows]), y[rows])
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % _EVERY == 0 or step == settings["steps"]:
            with torch.no_grad():
                history.append((step, float(loss), float(loss_of(network(test_x), test_y))))
    with torch.no_grad():
        predicted = network(test_x).numpy().astype(float) * spread + mean
    return predicted, pd.DataFrame(history, columns=["step", "loss", "test_loss"])
