"""The inputs of a training set: a folder with flux.npy, filled.npy and, where the engine needs it, ivar.npy."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.engines.contract import Engine, EngineInput
from mstars.files.stores import iter_rows
from mstars.files.whole import atomic_path


def write_inputs(
    engine: Engine, table: pd.DataFrame, stores: Mapping[str, str | Path], settings: Mapping, folder: str | Path
) -> None:
    """Prepare the spectra of a training set as the engine sees them, in files that training maps into memory.

    Parameters
    ----------
    engine : Engine
    table : pandas.DataFrame
        The training set: spectrum_key, batch, row and rv (km/s).
    stores : mapping of str to path
        The store of each batch.
    settings : mapping
        The engine's.
    folder : path
        Gets float32 arrays in the order of ``table``; flux.npy is written last.

    Raises
    ------
    InputError
        When a store is missing, or holds another spectrum in a row than the table says.
    """
    shapes = _shapes(len(table), len(engine.grid(settings)), engine.info.needs_ivar)
    with ExitStack() as stack:
        arrays = {}
        for name, shape in shapes.items():  # contexts end in reverse: flux.npy takes its place last
            path = stack.enter_context(atomic_path(Path(folder) / f"{name}.npy"))
            arrays[name] = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
        rv = table["rv"].to_numpy(dtype=float)
        for where, spectra in iter_rows(table, stores):
            x = engine.prepare(spectra, rv[where], settings)
            for name, array in arrays.items():
                array[where] = getattr(x, name)
        for array in arrays.values():
            array.flush()


def load_inputs(folder: str | Path, engine: Engine, settings: Mapping, n: int) -> EngineInput:
    """The arrays of `write_inputs` for n spectra, mapped into memory.

    Raises
    ------
    InputError
        A file is missing, damaged, or of another number of spectra or pixels.
    """
    shapes = _shapes(n, len(engine.grid(settings)), engine.info.needs_ivar)
    arrays = {name: _load(Path(folder) / f"{name}.npy", shape) for name, shape in shapes.items()}
    return EngineInput(arrays["flux"], arrays.get("ivar"), arrays["filled"])


def _shapes(n: int, n_pixel: int, needs_ivar: bool) -> dict[str, tuple[int, ...]]:
    return {"flux": (n, n_pixel), "filled": (n,)} | ({"ivar": (n, n_pixel)} if needs_ivar else {})


def _load(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the rule `engine_inputs`") from None
    except ValueError as error:
        raise InputError(f"{path}: not an array of spectra ({error}); delete it and run again") from None
    if array.shape != shape or array.dtype != np.float32:
        raise InputError(f"{path}: {array.dtype} {array.shape}, expected float32 {shape}; delete it and run again")
    return array
