"""Network inputs of a training set as one memory-mapped array."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.files.stores import read_batch
from mstars.files.whole import atomic_path
from mstars.spectra.preprocessing import classifier_input
from mstars.spectra.wavelengths import CLASSIFIER_GRID

_CHUNK = 1024


def write_inputs(table: pd.DataFrame, stores: Mapping[str, str | Path], path: str | Path) -> None:
    """Preprocess the spectra of a training set (section 3.2) into a ``.npy`` file that training maps into memory.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a spectrum with columns ``spectrum_key``, ``batch`` and ``row`` (position in the store). With a column
        ``rv`` (km/s) the spectra are shifted to the rest frame (step 2, CNN-TLMA).
    stores : mapping of str to path
        The store of each batch.
    path : str or Path
        Output, float32 [n, 5000] in the order of ``table``.

    Raises
    ------
    InputError
        When a store is missing, or holds another spectrum in a row than the table says.
    """
    missing = sorted(set(table["batch"]) - set(stores))
    if missing:
        raise InputError(f"training set: no store for batch {missing[0]} ({len(missing)} missing); run `ingest` again")
    rv = table["rv"].to_numpy(dtype=float) if "rv" in table else None
    batches, keys = table["batch"].to_numpy(), table["spectrum_key"].to_numpy(dtype=str)
    rows = table["row"].to_numpy(dtype=int)
    with atomic_path(path) as temporary:
        shape = (len(table), len(CLASSIFIER_GRID))
        out = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float32, shape=shape)
        for batch in sorted(set(batches)):
            where = np.flatnonzero(batches == batch)
            spectra = read_batch(stores[batch], rows[where])
            if not np.array_equal(spectra.spectrum_key, keys[where]):
                raise InputError(f"{stores[batch]}: rows differ from the training set's; delete the set and run again")
            for start in range(0, len(where), _CHUNK):
                part = slice(start, start + _CHUNK)
                shift = None if rv is None else rv[where[part]]
                out[where[part]] = classifier_input(spectra.select(part), shift)
        out.flush()
        del out


def load_inputs(path: str | Path) -> np.ndarray:
    """The array that `write_inputs` made, mapped into memory: float32 [n, 5000]."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the rule `training_spectra`") from None
    except ValueError as error:
        raise InputError(f"{path}: not an array of spectra ({error}); delete it and run again") from None
    if array.ndim != 2 or array.shape[1] != len(CLASSIFIER_GRID) or array.dtype != np.float32:
        raise InputError(f"{path}: {array.dtype} {array.shape}, expected float32 [n, {len(CLASSIFIER_GRID)}]")
    return array
