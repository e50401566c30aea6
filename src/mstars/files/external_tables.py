"""External catalogues as local files: FITS, VOTable, text or Parquet, in the spelling of their archive or of VizieR."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.files.table_formats import OpenTable, open_table
from mstars.files.units import factor_to
from mstars.files.values import UnreadableValues, degrees, integer_values, number_values, text_values

_ROWS = 250_000
_DTYPES = {"float": "float64", "ra": "float64", "dec": "float64", "int": "Int64", "id": "Int64", "str": object}


@dataclass(frozen=True)
class Column:
    """A column we want.

    Attributes
    ----------
    name : str
        Its name here.
    spellings : tuple of str
        Other names that a file may have for it.
    kind : str
        float; ra or dec (degrees, or text such as 02:51:54.1); int; id (a positive integer: others are null); str.
    required : bool
        Whether a file must have it.
    unit : str
        What we count in; a file that tells another unit is converted. '' takes any unit as it is.
    """

    name: str
    spellings: tuple[str, ...] = ()
    kind: str = "float"
    required: bool = True
    unit: str = ""


def read_external(path: str | Path, columns: tuple[Column, ...], key: str) -> pd.DataFrame:
    """Read the wanted columns of a catalogue under our names.

    Parameters
    ----------
    path : str or Path
        A format of `mstars.files.table_formats`; all but Parquet may be compressed.
    columns : tuple of Column
    key : str
        The config key that names the file, for messages.

    Returns
    -------
    pandas.DataFrame
        All of ``columns``: float64 (null: NaN), Int64 (null: NA), str (null: ''). An absent column that is not
        required is all null.

    Raises
    ------
    InputError
        Names the file, and the missing column and what the file has instead, or the row that can't be read.
    """
    parts = [empty_table(columns), *iter_external(path, columns, key)]
    return pd.concat(parts[1:] or parts, ignore_index=True)


def iter_external(
    path: str | Path,
    columns: tuple[Column, ...],
    key: str,
    opened: Callable[[set[str]], OpenTable] | None = None,
    size: int = _ROWS,
) -> Iterator[pd.DataFrame]:
    """The rows of `read_external` in parts.

    Parameters
    ----------
    path, columns, key
        As for `read_external`.
    opened : callable, optional
        Opens the table in another way than by its whole file; it is given the names (small letters) that a column may
        have.
    size : int, optional
        Rows of a part, at most.

    Raises
    ------
    InputError
        As `read_external`.
    """
    try:
        yield from _read(path, columns, opened or functools.partial(open_table, path), size)
    except InputError as error:
        raise InputError(f"{key}: {error}") from None


def _read(path: str | Path, columns: tuple[Column, ...], opened, size: int) -> Iterator[pd.DataFrame]:
    spellings = spellings_of(columns)
    table = opened({name.lower() for name in spellings})
    found = {column.name: find_column(column, table.names, spellings, path) for column in columns}
    factors = {column.name: unit_factor(table, found[column.name], column, path) for column in columns}
    wanted = list(dict.fromkeys(name for name in found.values() if name is not None))
    for rows in table.chunks(wanted, size) if wanted else ():
        if rows.problems:
            row, problem = next(iter(rows.problems.items()))
            raise InputError(f"{path}: row {row}: {problem}; correct it or take it out")
        part = {column.name: _typed(rows.table, found[column.name], column, path) for column in columns}
        for name, factor in factors.items():
            if factor != 1.0:
                part[name] = part[name] * factor
        yield pd.DataFrame(part, columns=list(found))


def empty_table(columns: Sequence[Column]) -> pd.DataFrame:
    """A table of these columns without a row."""
    return pd.DataFrame({column.name: pd.Series(dtype=_DTYPES[column.kind]) for column in columns})


def spellings_of(columns: Iterable[Column]) -> list[str]:
    """Every name that a file may have for some columns, our own among them."""
    return [name for column in columns for name in (column.name, *column.spellings)]


def find_column(column: Column, present: Sequence[str], spellings: Collection[str], path: str | Path) -> str | None:
    """The file's name of a column: exact, else in any case (VizieR has b_rgeo and B_rgeo).

    Returns
    -------
    str or None
        None: absent, and not required.

    Raises
    ------
    InputError
        It is required: names what the file has instead.
    """
    exact = set(spellings) & set(present)
    ours = (column.name, *column.spellings)
    lower = {name.lower(): name for name in reversed(present) if name not in exact}
    for spelling in ours:
        if spelling in present:
            return spelling
    for spelling in ours:
        if spelling.lower() in lower:
            return lower[spelling.lower()]
    if not column.required:
        return None
    close = {name for spelling in ours for name in difflib.get_close_matches(spelling.lower(), lower, 3, 0.7)}
    hint = f"; close to it: {', '.join(sorted(lower[name] for name in close))}" if close else ""
    has = ", ".join(present[:40]) + (", ..." if len(present) > 40 else "")
    raise InputError(f"{path}: no column {' or '.join(map(repr, ours))}{hint}. The file has: {has}. Rename the column")


def unit_factor(table: OpenTable, name: str | None, column: Column, path: str | Path) -> float:
    """Factor from the unit that a file tells for a column to ours.

    Raises
    ------
    InputError
        The file's unit measures something else.
    """
    told = table.units.get(name, "") if name is not None and column.unit else ""
    factor = factor_to(told, column.unit)
    if factor is None:
        raise InputError(f"{path}: column {name!r} is in {told!r}, which can't be converted to {column.unit}")
    return factor


def _typed(table: pd.DataFrame, name: str | None, column: Column, path: str | Path):
    """A column as its kind; what is no number, and an integer that a float has rounded, is an error."""
    if name is None:
        nothing = {"Int64": pd.NA, "float64": np.nan}.get(_DTYPES[column.kind], "")
        return pd.Series(nothing, index=table.index).astype(_DTYPES[column.kind])
    values = table[name]
    if column.kind == "str":
        return text_values(values)
    try:
        if column.kind in ("ra", "dec"):
            numbers, bad = degrees(values, 15.0 if column.kind == "ra" else 1.0)
        else:
            numbers, bad = integer_values(values) if column.kind in ("int", "id") else number_values(values)
    except UnreadableValues as error:
        raise InputError(f"{path}: column {name!r}: {error}; store integers") from None
    if bad.any():
        row = int(np.argmax(bad))
        kind = "integer of 64 bits" if column.kind in ("int", "id") else "number"
        said = str(values.iloc[row])[:40]
        raise InputError(
            f"{path}: column {name!r}, row {table.index[row]}: {said!r} is no {kind} ({bad.sum()} such rows)"
        )
    if column.kind == "id":
        return numbers.where(numbers > 0)
    return numbers if column.kind == "int" else pd.Series(numbers, index=table.index)
