"""Inputs of a classifier's training set as one memory-mapped array."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.files.stores import iter_rows
from mstars.files.whole import atomic_path
from mstars.spectra.preprocessing import classifier_input
from mstars.spectra.wavelengths import CLASSIFIER_GRID


def write_network_inputs(table: pd.DataFrame, stores: Mapping[str, str | Path], path: str | Path) -> None:
    """Preprocess the spectra of a training set (section 3.2) into a ``.npy`` file that training maps into memory.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a spectrum with columns ``spectrum_key``, ``batch`` and ``row`` (position in the store).
    stores : mapping of str to path
        The store of each batch.
    path : str or Path
        Output, float32 [n, 5000] in the order of ``table``.

    Raises
    ------
    InputError
        When a store is missing, or holds another spectrum in a row than the table says.
    """
    with atomic_path(path) as temporary:
        shape = (len(table), len(CLASSIFIER_GRID))
        out = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float32, shape=shape)
        for where, spectra in iter_rows(table, stores):
            out[where] = classifier_input(spectra)
        out.flush()
        del out


def load_network_inputs(path: str | Path) -> np.ndarray:
    """The array that `write_network_inputs` made, mapped into memory.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    ndarray of float32, [n, 5000]

    Raises
    ------
    InputError
        When there is no such file, or it holds something else.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the rule `training_spectra`") from None
    except ValueError as error:
        raise InputError(f"{path}: not an array of spectra ({error}); delete it and run again") from None
    if array.ndim != 2 or array.shape[1] != len(CLASSIFIER_GRID) or array.dtype != np.float32:
        raise InputError(f"{path}: {array.dtype} {array.shape}, expected float32 [n, {len(CLASSIFIER_GRID)}]")
    return array
