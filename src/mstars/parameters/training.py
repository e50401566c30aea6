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
from mstars.parameters.training_set import density_weights

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
