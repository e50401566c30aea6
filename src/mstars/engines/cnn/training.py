"""One fold of CNN-TLMA."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.config.networks import Networks
from mstars.core.labels import LABELS
from mstars.core.randomness import rng
from mstars.networks.folder import Model
from mstars.networks.training import train_regressor

_STEPS = 25
_BATCHES = (8, 16, 32, 64, 128)


def batch_size(wanted: int | str, n_train: int) -> int:
    """The number given, or for ``auto`` the largest of 8, 16, 32, 64, 128 that leaves 25 steps an epoch.

    From 3,200 training spectra on that is the paper's 128. A set of some hundreds needs more steps than 128 leaves: on
    740 simulated dwarfs 20 epochs of 16 were better than 60 of 128 in all four labels, in 40 % of the time.
    """
    if wanted != "auto":
        return wanted
    return max([size for size in _BATCHES if size * _STEPS <= n_train], default=_BATCHES[0])


def train_fold(
    x: np.ndarray,
    table: pd.DataFrame,
    *,
    kind: str,
    fold: int,
    networks: dict,
    settings: dict,
    seed: int,
    folder: str | Path,
    about: dict,
) -> Model:
    """Train the model whose validation set is one fold (section 3.4.4).

    Parameters
    ----------
    x : ndarray of float32, [n, 5000]
        Rest-frame inputs in the order of ``table``.
    table : pandas.DataFrame
        The training set with labels and ``fold``.
    kind : {"dM", "gM"}
    fold : int
    networks, settings : dict
        The config sections ``spmm.networks`` and ``spmm``.
    seed : int
        The config's.
    folder : path
        The model folder.
    about : dict
        Kept in model.json, with the limits of the labels trained on.

    Returns
    -------
    Model
    """
    labels = table[list(LABELS)].to_numpy(dtype=float)
    held_out = table["fold"].to_numpy(dtype=int) == fold
    rare = {"density": "sample_weight", "oversample": "draws"}.get(settings["loss_weights"])
    lifted = {rare: density_weights(labels[:, 2:], power=settings["density_power"])} if rare else {}
    trained = labels[~held_out]
    return train_regressor(
        x,
        labels,
        held_out,
        names=LABELS,
        settings=Networks(**networks | {"batch_size": batch_size(networks["batch_size"], len(trained))}),
        seed=int(rng(seed, "train_fold", kind, fold).integers(2**31)),
        folder=folder,
        task=f"tlma_{kind}",
        keys=table["spectrum_key"].to_numpy(dtype=str),
        **lifted,
        frame="rest",
        about={**about, "fold": fold, "label_min": trained.min(axis=0), "label_max": trained.max(axis=0)},
    )


def density_weights(labels: np.ndarray, power: float = 0.5, most: float = 5.0) -> np.ndarray:
    """Loss weights that lift rare [M/H] and [alpha/M]: density**-power in a 2D histogram, mean 1, at most ``most``.

    Parameters
    ----------
    labels : ndarray, [n, 2]
        [M/H] and [alpha/M], dex.
    power : float
        0 gives equal weights, 1 a flat distribution.
    most : float
        Ceiling before the mean is set to 1.

    Returns
    -------
    ndarray, [n]
    """
    bins = np.floor(np.asarray(labels, dtype=float) / np.array([0.2, 0.05])).astype(int)
    _, inverse, count = np.unique(bins, axis=0, return_inverse=True, return_counts=True)
    density = count[inverse.ravel()] / count.max()
    weight = np.minimum(density**-power, most)
    return weight / weight.mean()
