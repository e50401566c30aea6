"""Tables of any format opened alike: names, units, and rows in parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.files.hostile import refuse_bomb, refuse_outside
from mstars.files.text_tables import TextLayout, TextRows, iter_text, opener_of, text_layout

ENDINGS = {
    "fits": (".fits", ".fit"),
    "votable": (".vot", ".xml", ".votable"),
    "parquet": (".parquet", ".pq"),
    "text": (".csv", ".psv", ".tsv", ".txt", ".dat", ".ecsv"),
}
_PACKED = (".gz", ".bz2", ".xz")


@dataclass(frozen=True)
class OpenTable:
    """A table whose header has been read.

    Attributes
    ----------
    names : tuple of str
        Columns as the file has them.
    units : dict of str to str
        What the file tells of their units.
    chunks : callable
        ``chunks(columns, size)`` iterates over `mstars.files.text_tables.TextRows` of some columns: strings in a text
        table, else numbers (null: NA or NaN), text or bytes.
    """

    names: tuple[str, ...]
    units: dict[str, str]
    chunks: Callable[[Collection[str], int], Iterator[TextRows]]


def open_table(path: str | Path, known: Collection[str] = ()) -> OpenTable:
    """Open a table by the ending of its name (without .gz, .bz2 or .xz).

    Parameters
    ----------
    path : str or Path
    known : collection of str, optional
        Names (small letters) that a column may have, for `mstars.files.text_tables.text_layout`.

    Raises
    ------
    InputError
        No such file, an unknown ending, or a damaged file.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    plain = path.name.lower()
    for ending in _PACKED:
        plain = plain.removesuffix(ending)
    kind = next((kind for kind, endings in ENDINGS.items() if plain.endswith(endings)), None)
    if kind is None:
        known_endings = ", ".join(ending for endings in ENDINGS.values() for ending in endings)
        raise InputError(f"{path}: unknown kind of file; known endings: {known_endings}")
    try:
        refuse_bomb(path)
        return _each_once(path, _text_table(path, known) if kind == "text" else _OPENERS[kind](path))
    except InputError:
        raise
    except Exception as error:  # every format's library has its own errors for a damaged file
        raise InputError(f"{path}: not readable ({_said(error)})") from None


def _each_once(path: Path, table: OpenTable) -> OpenTable:
    """The same table, which refuses a column that is asked for and stands there twice."""

    def chunks(columns: Collection[str], size: int) -> Iterator[TextRows]:
        twice = [name for name in columns if table.names.count(name) > 1]
        if twice:
            raise InputError(f"{path}: column {twice[0]!r} stands there twice; rename or remove one")
        return table.chunks(columns, size)

    return OpenTable(table.names, table.units, chunks)


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _guarded(path: Path, rows: Iterator[TextRows]) -> Iterator[TextRows]:
    """The same rows; what a library says of a damaged file as an `InputError`."""
    try:
        yield from rows
    except InputError:
        raise
    except Exception as error:  # as in open_table
        raise InputError(f"{path}: not readable ({_said(error)})") from None


def _text_table(path: Path, known: Collection[str]) -> OpenTable:
    layout: TextLayout = text_layout(path, known)
    return OpenTable(layout.names, layout.units, lambda columns, size: iter_text(path, layout, columns, size))


def _fits_table(path: Path) -> OpenTable:
    from astropy.io import fits

    with fits.open(path) as file:
        columns = _first_table(file, path).columns
        units = {column.name: column.unit for column in columns if column.unit}
        names = tuple(columns.names)
    return OpenTable(names, units, lambda columns, size: _guarded(path, _iter_fits(path, columns, size)))


def _first_table(file, path: Path):
    from astropy.io import fits

    for hdu in file:
        if isinstance(hdu, fits.BinTableHDU | fits.TableHDU):
            return hdu
    raise InputError(f"{path}: a FITS file without a table")


def _iter_fits(path: Path, columns: Collection[str], size: int) -> Iterator[TextRows]:
    from astropy.io import fits

    with fits.open(path, memmap=not _is_packed(path)) as file:
        hdu = _first_table(file, path)
        dtypes = hdu.columns.dtype
        for name in columns:
            if dtypes[name].shape:
                raise InputError(f"{path}: column {name!r} holds a vector a row; a number is needed")
        start = 1
        for rows in _fits_rows(path, hdu, size):
            table = {name: _fits_column(rows, hdu.columns[name]) for name in columns}
            yield TextRows(pd.DataFrame(table, index=range(start, start + len(rows))), {})
            start += len(rows)


def _is_packed(path: Path) -> bool:
    return path.name.lower().endswith(_PACKED)


def _fits_rows(path: Path, hdu, size: int) -> Iterator[np.ndarray]:
    """Rows of a table, some at a time. Of a packed file astropy would hold all: its bytes are read on as they come."""
    from astropy.io import fits

    if not _is_packed(path) or not isinstance(hdu, fits.BinTableHDU) or hdu.header["PCOUNT"]:
        for start in range(0, len(hdu.data), size):
            yield hdu.data[start : start + size]
        return
    width, left = hdu.header["NAXIS1"], hdu.header["NAXIS2"]
    with opener_of(path)(path, "rb") as file:
        file.seek(hdu.fileinfo()["datLoc"])
        while left:
            header = hdu.header.copy()
            header["NAXIS2"] = min(size, left)
            data = file.read(width * header["NAXIS2"])
            if len(data) < width * header["NAXIS2"]:
                raise OSError("the file ends before its last row")
            yield fits.BinTableHDU.fromstring(header.tostring().encode() + data).data
            left -= header["NAXIS2"]


def _fits_column(rows, column):
    """One column: text, or numbers in the machine's byte order, null where they are TNULL."""
    values = np.asarray(rows[column.name])
    if values.dtype.kind in "SU":
        return np.char.strip(values.astype(str)).astype(object)
    if values.dtype.kind not in "iuf":
        return values
    values = values.astype(values.dtype.newbyteorder("="))
    if values.dtype.kind in "iu" and column.null is not None:
        return _nullable(values, values == int(column.null))
    return values


def _nullable(values: np.ndarray, missing: np.ndarray) -> pd.api.extensions.ExtensionArray:
    """Integers, NA where they are missing."""
    integers = pd.array(values, dtype="Int64" if values.dtype.kind == "i" else "UInt64")
    integers[missing] = pd.NA
    return integers


def _votable(path: Path) -> OpenTable:
    from astropy.io.votable import parse_single_table

    refuse_outside(path)
    parsed = parse_single_table(path)
    table = parsed.to_table(use_names_over_ids=True)
    told = tuple(field.name or field.ID for field in parsed.fields)  # where one is there twice, astropy renames it
    units = {name: str(table[name].unit) for name in table.colnames if table[name].unit is not None}

    def chunks(columns: Collection[str], size: int) -> Iterator[TextRows]:
        whole = pd.DataFrame({name: _votable_column(path, table[name]) for name in columns})
        whole.index = range(1, len(whole) + 1)
        for start in range(0, len(whole), size):
            yield TextRows(whole.iloc[start : start + size], {})

    names = told if len(set(told)) < len(told) else tuple(table.colnames)
    return OpenTable(names, units, lambda columns, size: _guarded(path, chunks(columns, size)))


def _votable_column(path: Path, column):
    if column.ndim != 1:
        raise InputError(f"{path}: column {column.name!r} holds a vector a row; a number is needed")
    mask = np.broadcast_to(np.asarray(getattr(column, "mask", False)), len(column))
    values = np.asarray(getattr(column, "filled", lambda: column)()) if not mask.any() else np.asarray(column.data.data)
    if values.dtype.kind in "iu":
        return _nullable(values, mask)
    if values.dtype.kind == "f":
        return np.where(mask, np.nan, values).astype(values.dtype.newbyteorder("="))
    return pd.Series(values).astype(object).where(~mask, "")


def _parquet(path: Path) -> OpenTable:
    import pyarrow.parquet

    names = tuple(pyarrow.parquet.read_schema(path).names)

    def chunks(columns: Collection[str], size: int) -> Iterator[TextRows]:
        whole = pd.read_parquet(path, columns=list(columns), dtype_backend="numpy_nullable")
        whole.index = range(1, len(whole) + 1)
        for start in range(0, len(whole), size):
            yield TextRows(whole.iloc[start : start + size], {})

    return OpenTable(names, {}, lambda columns, size: _guarded(path, chunks(columns, size)))


_OPENERS = {"fits": _fits_table, "votable": _votable, "parquet": _parquet}
