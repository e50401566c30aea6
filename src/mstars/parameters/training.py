"""One fold of CNN-TLMA."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mstars.networks import Model, Settings, train_regressor
from mstars.parameters.training_set import LABELS, density_weights
from mstars.store import rng

OVERRIDES = ("epochs", "stop_patience", "learning_rate", "noise", "shift_kms")
"""Keys of the config section ``spmm`` that replace those of ``networks`` where they are not null."""


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
        The config sections ``networks`` and ``spmm``.
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
    weights = None
    if settings["loss_weights"] == "density":
        weights = density_weights(labels[:, 2:], power=settings["density_power"])
    trained = labels[~held_out]
    return train_regressor(
        x,
        labels,
        held_out,
        names=LABELS,
        settings=Settings.from_config(networks, **{k: settings[k] for k in OVERRIDES if settings[k] is not None}),
        seed=int(rng(seed, "train_fold", kind, fold).integers(2**31)),
        folder=folder,
        task=f"tlma_{kind}",
        keys=table["spectrum_key"].to_numpy(dtype=str),
        sample_weight=weights,
        frame="rest",
        about={**about, "fold": fold, "label_min": trained.min(axis=0), "label_max": trained.max(axis=0)},
    )
