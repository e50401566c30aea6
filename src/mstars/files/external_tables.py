"""External catalogues as local files: FITS, VOTable, CSV or Parquet, in the spelling of their archive or of VizieR."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError

_EXACT = 2**53  # the largest float64 that still counts one by one


@dataclass(frozen=True)
class Column:
    """A column we want: its name here, other spellings of it, its kind and whether a file must have it."""

    name: str
    spellings: tuple[str, ...] = ()
    kind: str = "float"  # float, int, str
    required: bool = True


def read_external(path: str | Path, columns: tuple[Column, ...], key: str) -> pd.DataFrame:
    """Read the wanted columns of a catalogue under our names.

    Parameters
    ----------
    path : str or Path
        ``.fits``, ``.fit``, ``.vot``, ``.xml``, ``.csv`` (commas or ``|``), ``.parquet``; all but the last may be
        gzipped.
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
        Names the file, the missing column and what the file has instead.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{key}: {path}: no such file")
    kind = _format(path, key)
    present = _column_names(path, kind, key)
    exact = {name for column in columns for name in (column.name, *column.spellings)} & set(present)
    found = {column.name: _find(column, present, exact, path, key) for column in columns}
    wanted = [name for name in dict.fromkeys(found.values()) if name is not None]
    ints = [found[column.name] for column in columns if column.kind == "int" and found[column.name]]
    try:
        table = _READERS[kind](path, wanted, ints)
    except InputError:
        raise
    except Exception as error:  # every format's library has its own errors for a damaged file
        raise InputError(f"{key}: {path}: not readable ({error})") from None
    n = len(table)
    return pd.DataFrame(
        {column.name: _typed(table, found[column.name], column, n, path, key) for column in columns},
        columns=[column.name for column in columns],
    )


def _format(path: Path, key: str) -> str:
    name = path.name.lower().removesuffix(".gz")
    for kind, endings in _ENDINGS.items():
        if name.endswith(endings):
            return kind
    known = ", ".join(ending for endings in _ENDINGS.values() for ending in endings)
    raise InputError(f"{key}: {path}: unknown kind of file; known endings: {known}")


_ENDINGS = {
    "fits": (".fits", ".fit"),
    "votable": (".vot", ".xml", ".votable"),
    "csv": (".csv", ".psv"),
    "parquet": (".parquet",),
}


def _column_names(path: Path, kind: str, key: str) -> list[str]:
    try:
        if kind == "fits":
            from astropy.io import fits

            with fits.open(path) as file:
                return list(_first_table(file, path).columns.names)
        if kind == "parquet":
            import pyarrow.parquet

            return pyarrow.parquet.read_schema(path).names
        if kind == "votable":
            return _read_votable(path, None, []).columns.tolist()
        return pd.read_csv(path, sep=_separator(path), nrows=0, comment="#").columns.str.strip().tolist()
    except InputError:
        raise
    except Exception as error:  # as in read_external
        raise InputError(f"{key}: {path}: not readable ({error})") from None


def _find(column: Column, present: list[str], exact: set[str], path: Path, key: str) -> str | None:
    """The file's spelling: exact, else in any case (VizieR has b_rgeo and B_rgeo); None: absent, not required."""
    spellings = (column.name, *column.spellings)
    lower = {name.lower(): name for name in reversed(present) if name not in exact}
    for spelling in spellings:
        if spelling in present:
            return spelling
    for spelling in spellings:
        if spelling.lower() in lower:
            return lower[spelling.lower()]
    if not column.required:
        return None
    close = {name for spelling in spellings for name in difflib.get_close_matches(spelling.lower(), lower, 3, 0.7)}
    hint = f"; close to it: {', '.join(sorted(lower[name] for name in close))}" if close else ""
    has = ", ".join(present[:40]) + (", ..." if len(present) > 40 else "")
    raise InputError(
        f"{key}: {path}: no column {' or '.join(map(repr, spellings))}{hint}. The file has: {has}. Rename the column"
    )


def _first_table(file, path):
    from astropy.io import fits

    for hdu in file:
        if isinstance(hdu, fits.BinTableHDU | fits.TableHDU):
            return hdu
    raise InputError(f"{path}: a FITS file without a table")


def _read_fits(path, wanted, ints) -> pd.DataFrame:
    from astropy.io import fits

    data = {}
    with fits.open(path) as file:
        hdu = _first_table(file, path)
        for name in wanted:
            values = np.array(hdu.data[name])
            if values.ndim != 1:
                raise InputError(f"{path}: column {name!r} holds a vector a row; a number is needed")
            null = hdu.columns[name].null
            if values.dtype.kind in "SU":
                data[name] = np.char.strip(values.astype(str))
                continue
            values = values.astype(values.dtype.newbyteorder("="))
            if values.dtype.kind in "iu" and null is not None:
                values = pd.array(values, dtype="Int64")
                values[np.asarray(values == int(null))] = pd.NA
            data[name] = values
    return pd.DataFrame(data)


def _read_votable(path, wanted, ints) -> pd.DataFrame:
    from astropy.io.votable import parse_single_table

    table = parse_single_table(path).to_table(use_names_over_ids=True)
    return table[wanted].to_pandas() if wanted is not None else pd.DataFrame(columns=table.colnames)


def _separator(path: Path) -> str:
    import gzip

    opened = gzip.open if path.name.lower().endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8", errors="replace") as file:
        line = next((line for line in file if not line.startswith("#")), "")
    return max(",|;\t", key=line.count)


def _read_csv(path, wanted, ints) -> pd.DataFrame:
    table = pd.read_csv(
        path,
        sep=_separator(path),
        comment="#",
        usecols=lambda name: name.strip() in wanted,
        dtype={name: "string" for name in ints},
        low_memory=False,
    )
    return table.rename(columns=str.strip)


def _read_parquet(path, wanted, ints) -> pd.DataFrame:
    return pd.read_parquet(path, columns=wanted, dtype_backend="numpy_nullable")


_READERS = {"fits": _read_fits, "votable": _read_votable, "csv": _read_csv, "parquet": _read_parquet}


def _typed(table, name, column: Column, n: int, path, key):
    """A column as its kind; what is no number, and an integer that a float has rounded, is an error."""
    if name is None:
        return pd.Series({"float": np.nan, "int": pd.NA, "str": ""}[column.kind], index=range(n)).astype(
            {"float": "float64", "int": "Int64", "str": object}[column.kind]
        )
    values = table[name]
    if column.kind == "str":
        return values.astype(object).where(values.notna(), "").astype(str).str.strip().astype(object)
    try:
        if column.kind == "int":
            return _integers(values)
        return (
            pd.to_numeric(values.astype("string") if values.dtype == object else values)
            .astype("Float64")
            .to_numpy(dtype="float64", na_value=np.nan)
        )
    except (ValueError, TypeError) as error:
        raise InputError(f"{key}: {path}: column {name!r}: {error}") from None


def _integers(values: pd.Series) -> pd.Series:
    if values.dtype.kind == "f" or str(values.dtype) in ("Float64", "Float32"):
        known = values.dropna()
        if (np.abs(known) >= _EXACT).any() or (known != np.floor(known)).any():
            raise ValueError("identifiers stored as floating-point numbers, which have lost digits; store integers")
        return values.astype("Float64").astype("Int64")
    if values.dtype.kind in "iu":
        return values.astype("Int64")
    text = values.astype("string").str.strip()
    text = text.where(text != "")
    if text.dropna().str.contains(r"[eE.]").any():
        raise ValueError("identifiers written as floating-point numbers, which have lost digits; write integers")
    return pd.to_numeric(text, dtype_backend="numpy_nullable").astype("Int64")
