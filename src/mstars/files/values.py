"""Columns of numbers, identifiers and text from what tables hold: read right, null where missing, or told by row."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from mstars.files.identifiers import EXACT_IN_FLOAT, LARGEST_INT64

NO_VALUE = frozenset(("", "null", "nan", "none", "na", "n/a", "--", "-", "\\n", "<na>", "masked"))
"""Texts (small letters) that stand for a missing value."""

_WHOLE = r"[+-]?\d+(?:\.0*)?"
_FORTRAN = r"([+-]?(?:\d+\.?\d*|\.\d+))[dD]([+-]?\d+)"
_DECIMAL_COMMA = r"([+-]?\d*),(\d+(?:[eEdD][+-]?\d+)?)"
_SEXAGESIMAL = re.compile(r"([+-]?)(\d{1,3})[: hd°]+([0-5]?\d(?:\.\d*)?)(?:[: m'′]+([0-5]?\d(?:\.\d*)?)[s\"″]?|[m'′]?)")


class UnreadableValues(ValueError):
    """Values that can't be read, or whole columns that have lost digits.

    Attributes
    ----------
    rows : ndarray of bool, [n], or None
        Which rows; None: the column as such.
    """

    def __init__(self, message: str, rows: np.ndarray | None = None):
        super().__init__(message)
        self.rows = rows


def text_values(values: pd.Series) -> pd.Series:
    """A column as text without blanks around it, '' where a value is missing."""
    if values.dtype.kind in "iufb":
        return values.astype("string").fillna("").astype(object)
    missing = values.isna()
    plain = values.map(lambda value: value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
    return plain.where(~missing, "").astype(object).str.strip().astype(object)


def number_values(values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """A column as float64.

    Returns
    -------
    numbers : ndarray of float64, [n]
        NaN where a value is missing or is no number. ``3.9D-05`` is read, and ``3,9`` too.
    bad : ndarray of bool, [n]
        Where something stands that is no number.
    """
    if values.dtype.kind in "iufb" or pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype("Float64").to_numpy(dtype=float, na_value=np.nan), np.zeros(len(values), bool)
    text = text_values(values)
    missing = text.str.lower().isin(NO_VALUE).to_numpy(dtype=bool)
    numbers = pd.to_numeric(text.where(~missing, "nan"), errors="coerce").astype(float).to_numpy(copy=True)
    bad = np.isnan(numbers) & ~missing
    if bad.any():
        tried = text[bad].str.replace(_FORTRAN, r"\1e\2", regex=True)
        tried = tried.where(~tried.str.fullmatch(_DECIMAL_COMMA), tried.str.replace(",", ".", regex=False))
        numbers[bad] = pd.to_numeric(tried.str.replace(_FORTRAN, r"\1e\2", regex=True), errors="coerce")
        bad = np.isnan(numbers) & ~missing
    return numbers, bad


def degrees(values: pd.Series, per_unit: float) -> tuple[np.ndarray, np.ndarray]:
    """As `number_values`, for angles: text such as ``02:51:54.1`` is in units of ``per_unit`` degrees."""
    numbers, bad = number_values(values)
    if bad.any():
        for row in np.flatnonzero(bad):
            angle = sexagesimal(str(values.iloc[row]), per_unit)
            if angle is not None:
                numbers[row], bad[row] = angle, False
    return numbers, bad


def sexagesimal(text: str, per_unit: float) -> float | None:
    """Degrees of a text such as ``02:51:54.1``, ``02h51m54.1s`` or ``22 30``, in units of ``per_unit`` degrees."""
    found = _SEXAGESIMAL.fullmatch(text.strip())
    if not found:
        return None
    size = int(found[2]) + float(found[3]) / 60 + float(found[4] or 0) / 3600
    return per_unit * (-size if found[1] == "-" else size)


def integer_values(values: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """A column of integers, without a detour through floating-point numbers.

    Returns
    -------
    integers : pandas.Series of Int64
        Null where a value is missing or unreadable.
    bad : ndarray of bool, [n]
        Where something stands that is no integer of 64 bits.

    Raises
    ------
    UnreadableValues
        Numbers so large are stored, or written, as floating-point numbers that they have lost digits.
    """
    if values.dtype.kind in "iu" or str(values.dtype) in ("Int64", "Int32", "Int16", "UInt64", "UInt32", "UInt8"):
        beyond = (values > LARGEST_INT64).fillna(False).to_numpy(dtype=bool)
        return values.where(~beyond).astype("Int64"), beyond
    if pd.api.types.is_float_dtype(values.dtype):
        return _integers_of_floats(values)
    text = text_values(values)
    missing = text.str.lower().isin(NO_VALUE)
    whole = text.str.fullmatch(_WHOLE) & ~missing
    numbers = pd.to_numeric(text.where(~whole & ~missing, "nan"), errors="coerce").abs()
    if (numbers >= 1e6).any():  # as 1.24e9: a spreadsheet has rounded it
        row = text[(numbers >= 1e6)].iloc[0]
        raise UnreadableValues(f"identifiers written as floating-point numbers, such as {row}, have lost digits")
    digits = text.where(whole, "0").str.replace(r"\..*", "", regex=True)
    if (whole & text.str.contains(".", regex=False) & (digits.str.len() > 15)).any():
        raise UnreadableValues("identifiers written as floating-point numbers, which have lost digits")
    parsed = [int(value) if good else None for value, good in zip(digits, whole, strict=True)]
    beyond = [value is not None and abs(value) > LARGEST_INT64 for value in parsed]
    integers = pd.Series(
        [None if lost else value for value, lost in zip(parsed, beyond, strict=True)], index=values.index, dtype="Int64"
    )
    return integers, (~whole & ~missing).to_numpy(dtype=bool) | np.array(beyond, dtype=bool)


def _integers_of_floats(values: pd.Series) -> tuple[pd.Series, np.ndarray]:
    numbers = values.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(numbers)
    limit = EXACT_IN_FLOAT if str(values.dtype).lower().endswith("64") else 2**24
    if (np.abs(numbers[known]) >= limit).any():
        raise UnreadableValues("identifiers stored as floating-point numbers, which have lost digits")
    bad = (known & (numbers != np.floor(np.where(known, numbers, 0)))) | np.isinf(numbers)
    integers = pd.Series(np.where(known & ~bad, numbers, 0).astype("int64"), index=values.index).astype("Int64")
    return integers.where(known & ~bad), bad
