"""Parquet tables between rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute
import pyarrow.parquet

from mstars.core.errors import DamagedFile, InputError
from mstars.files.whole import atomic_path

_GROUP_ROWS = 50_000


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as Parquet (zstd), atomically and with the same bytes for the same content."""
    with atomic_path(path) as temporary:
        # groups of rows, so that a part of a sorted table is read without the rest
        table.to_parquet(
            temporary, index=False, compression="zstd", write_page_checksum=True, row_group_size=_GROUP_ROWS
        )


def read_table(path: str | Path, columns: list[str] | None = None, **where: str) -> pd.DataFrame:
    """Read a Parquet table; a missing column or a damaged file is an `InputError` that names it.

    Parameters
    ----------
    path : str or Path
        The table.
    columns : list of str, optional
        Only these columns.
    **where : str
        Only rows with this value in the column, as in ``batch="55859-F5902"``: where the table is sorted by the column
        the rest is not read.
    """
    filters = [(name, "==", value) for name, value in where.items()] or None
    try:
        return pd.read_parquet(path, columns=columns, filters=filters, page_checksum_verification=True)
    except FileNotFoundError:
        raise InputError(f"{path}: no such table; run the rule that makes it") from None
    except Exception as error:  # pyarrow has no common base class for what a damaged file can raise
        if columns is not None and (absent := _absent(path, columns)):
            raise InputError(f"{path}: no column {', '.join(absent)}; delete it and run again") from None
        raise DamagedFile(path, f"not a readable Parquet table: {error}") from None


def _absent(path: str | Path, columns: list[str]) -> list[str]:
    """Columns that a whole table lacks; none when the table itself can't be read."""
    try:
        present = set(pyarrow.parquet.read_schema(path).names)
    except Exception:
        return []
    return [name for name in columns if name not in present]


def read_present(path: str | Path, columns: Iterable[str]) -> pd.DataFrame:
    """`read_table` of those of some columns that the table has: a whole survey's other columns take no memory."""
    wanted = set(columns)
    try:
        present = pyarrow.parquet.read_schema(path).names
    except Exception:  # read_table says what is wrong with it
        return read_table(path)
    return read_table(path, [name for name in present if name in wanted])


def read_tables(paths: Iterable[str | Path], columns: list[str] | None = None) -> pd.DataFrame:
    """One table of several with the same columns (a batch each), in the order given."""
    return pd.concat([read_table(path, columns) for path in paths], ignore_index=True)


def among(keys: pd.Series, others: pd.Series | Sequence[str]) -> np.ndarray:
    """Whether each key is one of others: ``isin`` of pandas takes seconds for a million of others.

    Parameters
    ----------
    keys : pandas.Series
        n texts, none missing.
    others : pandas.Series or sequence of str

    Returns
    -------
    ndarray of bool, [n]
    """
    text = pyarrow.large_string()
    known = pyarrow.array(others, text)
    return np.asarray(pyarrow.compute.is_in(pyarrow.array(keys, text), value_set=known), dtype=bool)


def rows_of(table: pd.DataFrame, keys: pd.Series, name: str, *, all_there: bool = True) -> pd.DataFrame:
    """The rows of a table that keys name.

    Parameters
    ----------
    table : pandas.DataFrame
        spectrum_key, each once, and other columns.
    keys : pandas.Series
        n spectrum_keys.
    name : str
        What the error calls the table.
    all_there : bool
        Whether a key without a row is an error; else its row has missing values.

    Returns
    -------
    pandas.DataFrame
        n rows in the order of ``keys``.

    Raises
    ------
    InputError
        A key is twice in the table, or lacks in it.
    """
    known = pd.Index(table["spectrum_key"])
    if not known.is_unique:
        twice = known[known.duplicated()][0]
        raise InputError(f"{name}: spectrum_key {twice} is there twice; run its rule again")
    rows = known.get_indexer(keys)
    lacking = rows < 0
    if not lacking.any():
        return table.take(rows).reset_index(drop=True)
    if all_there:
        first = keys.iloc[int(np.argmax(lacking))]
        raise InputError(f"{name}: no row of {first} ({lacking.sum()} spectra lack); run its rule again")
    return table.reset_index(drop=True).reindex(rows).reset_index(drop=True)


def beside(wide: pd.DataFrame, narrow: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of a wide table that a narrow one names, and the columns of both: one copy where a merge makes several.

    Parameters
    ----------
    wide : pandas.DataFrame
        spectrum_key, each once, and other columns.
    narrow : pandas.DataFrame
        spectrum_key and other columns; n rows.
    name : str
        What the error calls the wide table.

    Returns
    -------
    pandas.DataFrame
        n rows in the order of ``narrow``.

    Raises
    ------
    InputError
        As `rows_of`.
    """
    added = narrow.drop(columns="spectrum_key").reset_index(drop=True)
    return pd.concat([rows_of(wide, narrow["spectrum_key"], name), added], axis=1)


def row_of(table: pd.DataFrame, spectrum: str, where: str) -> pd.Series:
    """The row of a spectrum.

    Parameters
    ----------
    table : pandas.DataFrame
        With spectrum_key and obsid.
    spectrum : str
        A spectrum_key or an obsid.
    where : str
        What the error calls the table.

    Raises
    ------
    InputError
        There is no such row.
    """
    chosen = table[(table["spectrum_key"] == spectrum) | (table["obsid"].astype(str) == spectrum)]
    if chosen.empty:
        raise InputError(f"{spectrum} is no spectrum_key or obsid of {where}")
    return chosen.iloc[0]
