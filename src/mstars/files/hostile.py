"""What a table from outside may not do: reach beyond its own file, fill the memory, or run in a spreadsheet."""

from __future__ import annotations

import re
from pathlib import Path
from xml.parsers import expat

import pandas as pd

from mstars.core.errors import InputError
from mstars.files.text_tables import opener_of

_LARGEST_RATIO = 200
"""Real tables are packed to a half or a tenth. gzip can pack zeros to a thousandth, bzip2 and xz to far less."""

_FIRST_BYTES = 2**27
_STEP = 2**20
_FORMULA = r"^'*[=+\-@\t\r](?![\d.]+(?:[eE][+-]?\d+)?$)."
_GUARDED = rf"^'(?={_FORMULA[1:]})"


def refuse_bomb(path: str | Path) -> None:
    """Refuse a packed file that unpacks to hundreds of times its size. No more than its beginning is read.

    Raises
    ------
    InputError
        It does.
    """
    opener = opener_of(path)
    if opener is open:
        return
    total = 0
    with open(path, "rb") as packed, opener(packed, "rb") as plain:
        while packed.tell() * _LARGEST_RATIO < _FIRST_BYTES and (part := plain.read(_STEP)):
            total += len(part)
            if total >= _FIRST_BYTES:
                raise InputError(f"{path}: unpacks to more than {_LARGEST_RATIO} times its size; not a catalogue")


def refuse_outside(path: str | Path) -> None:
    """Refuse a VOTable that declares or names entities, or whose data are elsewhere (``href``): nothing is fetched.

    Raises
    ------
    InputError
        It does one of these, or is not XML.
    """

    def entity(name: str, *_) -> None:
        raise InputError(f"{path}: declares or names the XML entity {name!r}; a VOTable needs none")

    def element(name: str, attributes: dict) -> None:
        if name.rpartition(":")[2] == "STREAM" and "href" in attributes:
            raise InputError(f"{path}: its data are at {attributes['href']!r}; save the table with its data inside")

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = parser.SkippedEntityHandler = entity
    parser.StartElementHandler = element
    try:
        with opener_of(path)(path, "rb") as file:
            parser.ParseFile(file)
    except expat.ExpatError as error:
        raise InputError(f"{path}: not readable (not XML: {error})") from None


def without_formula(text: str) -> str:
    """A text that no spreadsheet takes for a formula, as `without_formulas`."""
    return f"'{text}" if re.match(_FORMULA, text) else text


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose text no spreadsheet takes for a formula: an apostrophe stands before ``=``, ``+``, ``-`` and ``@``.

    Numbers written as text stay as they are.
    """
    return _changed(table, _FORMULA, lambda values: "'" + values)


def with_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """What `without_formulas` was given."""
    return _changed(table, _GUARDED, lambda values: values.str[1:])


def _changed(table: pd.DataFrame, pattern: str, change) -> pd.DataFrame:
    changed = {}
    for name in table.columns[[not pd.api.types.is_numeric_dtype(dtype) for dtype in table.dtypes]]:
        values = table[name]
        values = values if values.dtype == "str" else values.where(values.map(_is_text)).astype(object)
        hits = values.str.match(pattern, na=False).astype(bool)
        if hits.any():
            changed[name] = table[name].mask(hits, change(values))
    return table.assign(**changed) if changed else table


def _is_text(value) -> bool:
    return isinstance(value, str)
