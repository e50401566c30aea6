"""HDF5 stores: the spectra of one batch, their header values and the rejected files."""

from __future__ import annotations

import errno
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mstars.core.errors import DamagedFile, InputError
from mstars.spectra.container import SpectrumSet

if TYPE_CHECKING:
    import h5py
from mstars.files.json_files import _plain
from mstars.files.whole import atomic_path

FORMAT_VERSION = 1

_CHUNK_ROWS = 32


def write_batch(
    path: str | Path,
    spectra: SpectrumSet,
    header: pd.DataFrame,
    rejected: pd.DataFrame,
    attrs: dict | None = None,
) -> None:
    """Write one batch of spectra: arrays chunked by rows, a table of header values, a table of rejected files.

    Parameters
    ----------
    path : str or Path
        The HDF5 file.
    spectra : SpectrumSet
        n spectra; n may be 0.
    header : pandas.DataFrame
        n rows, in the order of ``spectra``, with a column ``spectrum_key``.
    rejected : pandas.DataFrame
        One row a file that could not be used, with a column ``reason``.
    attrs : dict, optional
        Attributes of the file.

    Raises
    ------
    ValueError
        When header and spectra are not in the same order.
    """
    if not np.array_equal(header["spectrum_key"].to_numpy(dtype=str), spectra.spectrum_key.astype(str)):
        raise ValueError("header rows and spectra differ")
    import h5py

    # made in memory and then written: HDF5 may crash, half a file left, when the disk fills up under it
    image = io.BytesIO()
    with h5py.File(image, "w", track_order=False) as file:
        file.attrs["mstars_store"] = FORMAT_VERSION
        if not spectra.ivar_masks:
            file.attrs["ivar_masks"] = False
        for name, value in (attrs or {}).items():
            file.attrs[name] = value
        file.create_dataset("wavelength", data=spectra.wavelength)
        for name in ("flux", "ivar", "ormask"):
            _write_rows(file, name, getattr(spectra, name))
        file.create_dataset("spectrum_key", data=spectra.spectrum_key.astype("S"))
        _write_frame(file, "header", header)
        _write_frame(file, "rejected", rejected)
    with atomic_path(path) as temporary:
        temporary.write_bytes(image.getbuffer())


def _write_rows(file: h5py.File, name: str, array: np.ndarray) -> None:
    options = {}
    if len(array):
        import hdf5plugin

        # bytes of a kind together, then LZ4: a third less time than bits together, which is 4 % smaller
        options = {
            "chunks": (min(_CHUNK_ROWS, len(array)), array.shape[1]),
            "compression": hdf5plugin.Blosc(cname="lz4", clevel=1, shuffle=hdf5plugin.Blosc.SHUFFLE),
            "fletcher32": True,
        }
    file.create_dataset(name, data=array, **options)


def _write_frame(file: h5py.File, name: str, frame: pd.DataFrame) -> None:
    """A table as one JSON text a column: small, typed by the reader, and nothing in it can run."""
    group = file.create_group(name)
    group.attrs["columns"] = json.dumps(list(frame.columns))
    group.attrs["dtypes"] = json.dumps([str(dtype) for dtype in frame.dtypes])
    group.attrs["rows"] = len(frame)
    for number, column in enumerate(frame.columns):
        group.create_dataset(f"{number:03d}", data=np.frombuffer(_column_json(frame[column]).encode(), np.uint8))


def _column_json(column: pd.Series) -> str:
    """A column's values as JSON; not-a-number and missing values become null."""
    if isinstance(column.dtype, pd.StringDtype | pd.Int64Dtype):  # plain already but for what is missing
        values = column.to_numpy(dtype=object, na_value=None).tolist()
        return json.dumps(values)
    values = column.tolist()
    if column.dtype.kind == "f":
        if not np.isfinite(column.to_numpy(dtype=float, na_value=np.nan)).all():
            values = [value if value is not pd.NA and math.isfinite(value) else None for value in values]
    elif not (column.dtype.kind in "ib" and isinstance(column.dtype, np.dtype)):
        values = [None if value is pd.NA else _plain(value) for value in values]
    return json.dumps(values)


def _read_frame(group: h5py.Group) -> pd.DataFrame:
    columns, dtypes = json.loads(group.attrs["columns"]), json.loads(group.attrs["dtypes"])
    data = {}
    for number, (column, dtype) in enumerate(zip(columns, dtypes, strict=True)):
        values = json.loads(group[f"{number:03d}"][:].tobytes())
        data[column] = pd.Series(values, dtype="object" if dtype in ("object", "str") else dtype)
        if dtype == "str":
            data[column] = data[column].astype("str")
    return pd.DataFrame(data, columns=columns)


def cannot_be_opened(error: OSError) -> str:
    """Why a store can't be opened although it may be whole; '' where it is not that."""
    if error.errno == errno.EAGAIN or "unable to lock file" in str(error).lower():
        return "in use by another program, which has it open for writing; close it there"
    return "no permission to read it" if error.errno == errno.EACCES else ""


@contextmanager
def _open(path: str | Path) -> Iterator[h5py.File]:
    # here and not above: most jobs read tables alone
    import h5py
    import hdf5plugin  # noqa: F401 (registers the stores' compression)

    try:
        file = h5py.File(path, "r")
    except FileNotFoundError:
        raise InputError(f"{path}: no such store; run `snakemake ingest`") from None
    except OSError as error:
        if reason := cannot_be_opened(error):
            raise InputError(f"{path}: {reason}") from None
        raise DamagedFile(path, f"not a readable store: {error}") from None
    with file:
        if file.attrs.get("mstars_store") != FORMAT_VERSION:
            raise InputError(f"{path}: not a store of this version; delete it and run `snakemake ingest`")
        try:
            yield file
        except OSError as error:  # a checksum or a chunk that doesn't fit
            raise DamagedFile(path, str(error)) from None


def stores_by_batch(paths: Iterable[str | Path]) -> dict[str, str]:
    """Stores by the batch they are of, which is the name of the file."""
    return {Path(path).stem: str(path) for path in paths}


def read_batch(path: str | Path, rows: np.ndarray | slice | None = None) -> SpectrumSet:
    """Read the spectra of a batch.

    Parameters
    ----------
    path : str or Path
        The store.
    rows : slice or int array, optional
        Which rows, all by default. An index array may be in any order.

    Returns
    -------
    SpectrumSet
        Arrays of shape [n, pixel].
    """
    with _open(path) as file:
        if rows is None or isinstance(rows, slice):
            take = rows or slice(None)
            parts = {name: file[name][take] for name in ("flux", "ivar", "ormask", "spectrum_key")}
        else:
            # reading all and indexing beats h5py's point selection by far
            parts = {name: file[name][:][np.asarray(rows)] for name in ("flux", "ivar", "ormask", "spectrum_key")}
        return SpectrumSet(
            parts["flux"],
            parts["ivar"],
            parts["ormask"],
            file["wavelength"][:],
            parts["spectrum_key"].astype(str),
            bool(file.attrs.get("ivar_masks", True)),
        )


def iter_batch(path: str | Path, chunk: int = 512) -> Iterator[SpectrumSet]:
    """Yield the spectra of a batch, ``chunk`` rows at a time, so that memory stays bounded."""
    with _open(path) as file:
        n = file["flux"].shape[0]
    for start in range(0, n, chunk):
        yield read_batch(path, slice(start, start + chunk))


def iter_rows(
    table: pd.DataFrame, stores: Mapping[str, str | Path], chunk: int = 1024
) -> Iterator[tuple[np.ndarray, SpectrumSet]]:
    """Yield the spectra of a table from the stores of its batches, batch by batch.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a spectrum: spectrum_key, batch and row (position in the store).
    stores : mapping of str to path
        The store of each batch.
    chunk : int
        The most spectra at a time.

    Yields
    ------
    where : ndarray of int
        Positions in ``table``.
    spectra : SpectrumSet
        The spectra there.

    Raises
    ------
    InputError
        When a store is missing, or holds another spectrum in a row than the table says.
    """
    missing = sorted(set(table["batch"]) - set(stores))
    if missing:
        raise InputError(f"training set: no store for batch {missing[0]} ({len(missing)} missing); run `ingest` again")
    batches, keys = table["batch"].to_numpy(), table["spectrum_key"].to_numpy(dtype=str)
    rows = table["row"].to_numpy(dtype=int)
    for batch in sorted(set(batches)):
        where = np.flatnonzero(batches == batch)
        spectra = read_batch(stores[batch], rows[where])
        if not np.array_equal(spectra.spectrum_key, keys[where]):
            raise InputError(f"{stores[batch]}: rows differ from the training set's; delete the set and run again")
        for start in range(0, len(where), chunk):
            part = slice(start, start + chunk)
            yield where[part], spectra.select(part)


def read_header(path: str | Path) -> pd.DataFrame:
    """Header values of a batch's spectra, in the order of the arrays."""
    with _open(path) as file:
        return _read_frame(file["header"])


def read_rejected(path: str | Path) -> pd.DataFrame:
    """Files of a batch that could not be used, with the reason."""
    with _open(path) as file:
        return _read_frame(file["rejected"])
