"""What the last layer of a network sees in a queue's spectra, in its principal components."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.files.whole import atomic_path

N_COMPONENTS = 32
"""Principal components kept of the network's features."""


def queue_features(table: pd.DataFrame, model, store: Callable[[str], Path]) -> np.ndarray:
    """Features of a queue's spectra.

    Parameters
    ----------
    table : pandas.DataFrame, [n]
        spectrum_key, batch, row.
    model : mstars.networks.folder.Model
    store : callable
        Path of a batch's store by the batch's name.

    Returns
    -------
    ndarray, float32 [n, `N_COMPONENTS` or fewer]
        Principal components of the network's features.
    """
    from mstars.files.stores import read_batch
    from mstars.networks.inference import features
    from mstars.spectra.preprocessing import classifier_input

    values = np.zeros((len(table), model.network.architecture.n_features), np.float32)
    table = table.reset_index(drop=True)
    for batch, rows in table.groupby("batch", sort=True):
        spectra = read_batch(store(batch), rows["row"].to_numpy(dtype=int))
        values[rows.index.to_numpy()] = features(model, classifier_input(spectra))
    return principal_components(values)


def principal_components(values: np.ndarray, count: int = N_COMPONENTS) -> np.ndarray:
    """Principal components of standardised columns.

    Parameters
    ----------
    values : ndarray, [n, m]
        Constant columns are left out.
    count : int
        How many components at most.

    Returns
    -------
    ndarray, float32 [n, ``count`` or fewer]
        The first components, each with unit variance. The largest weight of each is positive.
    """
    values = np.nan_to_num(np.asarray(values, dtype=float))
    spread = values.std(axis=0)
    values = (values - values.mean(axis=0))[:, spread > 1e-9] / spread[spread > 1e-9]
    if min(values.shape) == 0:
        return np.zeros((len(values), 0), np.float32)
    power, axes = np.linalg.eigh(values.T @ values / len(values))
    axes, power = axes[:, ::-1][:, :count], power[::-1][:count]
    axes = axes[:, power > 1e-6] * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])[power > 1e-6]
    return (values @ axes / np.sqrt(power[power > 1e-6])).astype(np.float32)


def write_network_features(keys: Sequence[str], values: np.ndarray, path: str | Path) -> None:
    """Write features as HDF5, whole or not at all.

    Parameters
    ----------
    keys : sequence of str, [n]
        spectrum_keys.
    values : ndarray, [n, m]
    path : str or Path
    """
    with atomic_path(path) as temporary, h5py.File(temporary, "w", track_order=False) as file:
        file.create_dataset("spectrum_key", data=np.asarray(keys, dtype=str).astype("S"))
        file.create_dataset("features", data=values)


def read_network_features(path: str | Path) -> dict[str, np.ndarray]:
    """Read features.

    Returns
    -------
    dict of str to ndarray, float32 [m]
        By spectrum_key.

    Raises
    ------
    InputError
        When the file can't be read.
    """
    try:
        with h5py.File(path, "r") as file:
            return dict(zip(file["spectrum_key"][:].astype(str), file["features"][:], strict=True))
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: not a readable file of features ({error}); delete it and run again") from None
