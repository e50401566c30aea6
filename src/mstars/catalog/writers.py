"""Catalogues as FITS, VOTable, CSV and Parquet: the same content in each, and the same bytes each time."""

from __future__ import annotations

import binascii
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from mstars.catalog.columns import INTEGERS, ProductColumn
from mstars.core.errors import InputError
from mstars.files.hostile import with_formulas, without_formulas
from mstars.files.whole import atomic_path
from mstars.lamost.cards import BLOCK

_FITS_CODES = {"int16": "I", "int32": "J", "int64": "K", "float32": "E", "float64": "D"}
_ROWS = 20_000  # held in another form at a time
_UNSTANDARD_UNITS = ("dex",)  # unknown to FITS and VOUnit: such a unit stands in the description


def write_product(table: pd.DataFrame, columns: list[ProductColumn], path: str | Path, *, title: str = "") -> None:
    """Write a catalogue in the format that the file's name ends with, whole or not at all.

    Parameters
    ----------
    table : pandas.DataFrame
        From `mstars.catalog.columns.product_table`.
    columns : list of ProductColumn
        Its columns, in order.
    path : str or Path
        Ends in .fits, .vot, .csv or .parquet.
    title : str
        What the table is. CSV has no room for it.

    Raises
    ------
    InputError
        For any other ending.
    """
    writer = FORMATS.get(Path(path).suffix)
    if writer is None:
        raise InputError(f"{path}: a catalogue is written as {', '.join(FORMATS)}")
    with atomic_path(path) as temporary:
        writer(table, columns, temporary, title)


def write_products(
    table: pd.DataFrame, columns: list[ProductColumn], paths: Iterable[str | Path], *, title: str = ""
) -> None:
    """`write_product` to several files."""
    for path in paths:
        write_product(table, columns, path, title=title)


def _width(values: pd.Series) -> int:
    """Bytes of the longest text, 1 at least."""
    return max(1, *(len(_ascii(value)) for value in values.tolist()), 1)


def _ascii(value: str) -> bytes:
    """Text as bytes; what is not ASCII is escaped."""
    return value.encode("ascii", "backslashreplace")


def _types(table: pd.DataFrame, columns: list[ProductColumn]) -> dict[str, np.dtype]:
    """Each column's type in a binary table: big-endian numbers, text of one width."""
    return {
        column.name: np.dtype(f"S{_width(table[column.name])}" if column.dtype == "str" else column.dtype).newbyteorder(
            ">"
        )
        for column in columns
    }


def _binary_rows(table: pd.DataFrame, columns: list[ProductColumn], types: dict[str, np.dtype]) -> Iterator[np.ndarray]:
    """Rows as they stand in a binary table, some thousands at a time; the column's null for no whole number."""
    for start in range(0, len(table), _ROWS):
        part = table.iloc[start : start + _ROWS]
        rows = np.empty(len(part), dtype=list(types.items()))
        for column in columns:
            values = part[column.name]
            if column.dtype == "str":
                rows[column.name] = [_ascii(value) for value in values.tolist()]
            else:
                values = values.fillna(int(column.null)) if column.dtype in INTEGERS else values
                rows[column.name] = values.to_numpy(dtype=column.dtype)
        yield rows


def _description(column: ProductColumn) -> str:
    return column.description + (f" ({column.unit})" if column.unit in _UNSTANDARD_UNITS else "")


def _unit(column: ProductColumn) -> str | None:
    return None if column.unit in ("", *_UNSTANDARD_UNITS) else column.unit


def _write_fits(table, columns, path, title) -> None:
    """Head by astropy, rows block by block: the whole table is not held twice."""
    from astropy.io import fits

    types, parts = _types(table, columns), []
    for column in columns:
        code = f"{types[column.name].itemsize}A" if column.dtype == "str" else _FITS_CODES[column.dtype]
        null = int(column.null) if column.dtype in INTEGERS else None
        parts.append(fits.Column(column.name, code, unit=_unit(column), null=null))
    hdu = fits.BinTableHDU.from_columns(fits.ColDefs(parts), name="CATALOG", nrows=0)
    for number, column in enumerate(columns, start=1):
        hdu.header[f"TCOMM{number}"] = _description(column)
        hdu.header[f"TUCD{number}"] = column.ucd
    primary = fits.PrimaryHDU()
    primary.header["TITLE"] = title
    fits.HDUList([primary, hdu]).writeto(io.BytesIO(), output_verify="exception")  # completes and checks the heads
    hdu.header["NAXIS2"] = len(table)
    head = primary.header.tostring().encode() + hdu.header.tostring().encode()
    with open(path, "wb") as file:
        file.write(head)
        for rows in _binary_rows(table, columns, types):
            file.write(rows.tobytes())
        file.write(bytes(-file.tell() % BLOCK))


_LINE_BYTES = 57  # of a line of 76 characters
_END_OF_FIELDS = b"</TABLE>"


def _write_votable(table, columns, path, title) -> None:
    """Head by astropy, data by numpy: astropy writes 1,000 rows of BINARY2 a second, this 100 times as many."""
    types = _types(table, columns)
    head, tail = _votable_head(columns, types, title).split(_END_OF_FIELDS)
    with open(path, "wb") as file:
        file.write(head + b'<DATA><BINARY2><STREAM encoding="base64">\n')
        left = b""
        for number, rows in enumerate(_binary_rows(table, columns, types)):
            left += _with_nulls(table.iloc[number * _ROWS : (number + 1) * _ROWS], columns, rows)
            whole = len(left) - len(left) % _LINE_BYTES
            _write_base64(file, left[:whole])
            left = left[whole:]
        _write_base64(file, left)
        file.write(b"</STREAM></BINARY2></DATA>\n  " + _END_OF_FIELDS + tail)


def _write_base64(file: BinaryIO, data: bytes) -> None:
    """Lines of 76 characters."""
    if data:
        text = binascii.b2a_base64(data, newline=False)
        file.write(b"\n".join(text[i : i + 76] for i in range(0, len(text), 76)) + b"\n")


def _votable_head(columns, types, title) -> bytes:
    """A VOTable of these columns without data."""
    from astropy.io.votable import from_table
    from astropy.table import Column, Table

    parts = []
    for column in columns:
        about = {"name": column.name, "description": _description(column), "unit": _unit(column)}
        dtype = types[column.name].newbyteorder("=")
        parts.append(Column(np.empty(0, dtype), meta={"ucd": column.ucd}, **about))
    votable = from_table(Table(parts), table_id="catalog")
    votable.description = title
    votable.version = "1.4"
    said = io.BytesIO()
    votable.to_xml(said)
    return said.getvalue()


def _with_nulls(table: pd.DataFrame, columns: list[ProductColumn], rows: np.ndarray) -> bytes:
    """Rows as BINARY2 has them: a bit a column that says null, then the values."""
    null = np.zeros((len(rows), len(columns)), bool)
    for number, column in enumerate(columns):
        if column.dtype in INTEGERS:
            null[:, number] = table[column.name].isna()
    values = rows.view(np.uint8).reshape(len(rows), rows.dtype.itemsize)
    return np.hstack([np.packbits(null, axis=1), values]).tobytes()


def _write_csv(table, columns, path, title) -> None:
    names = [column.name for column in columns]
    with open(path, "w", newline="", encoding="utf-8") as file:
        for start in range(0, max(len(table), 1), _ROWS):
            part = without_formulas(table[names].iloc[start : start + _ROWS])
            part.to_csv(file, index=False, header=start == 0, lineterminator="\n")


def _write_parquet(table, columns, path, title) -> None:
    import pyarrow
    import pyarrow.parquet

    arrow = pyarrow.Table.from_pandas(table[[column.name for column in columns]], preserve_index=False)
    for number, column in enumerate(columns):
        about = {"unit": column.unit, "ucd": column.ucd, "description": column.description}
        field = arrow.schema.field(number).with_metadata(about)
        arrow = arrow.cast(arrow.schema.set(number, field))
    arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), b"title": title.encode()})
    pyarrow.parquet.write_table(arrow, path, compression="zstd")


FORMATS = {".fits": _write_fits, ".vot": _write_votable, ".csv": _write_csv, ".parquet": _write_parquet}


def read_product(path: str | Path, columns: list[ProductColumn]) -> pd.DataFrame:
    """Read a catalogue in the types that `mstars.catalog.columns.product_table` gives.

    Parameters
    ----------
    path : str or Path
        In any of the formats.
    columns : list of ProductColumn
        Its columns.
    """
    path = Path(path)
    types = {column.name: INTEGERS.get(column.dtype, column.dtype) for column in columns}
    if path.suffix == ".parquet":
        return pd.read_parquet(path).astype(types)
    if path.suffix == ".csv":
        text = [column.name for column in columns if column.dtype == "str"]
        table = pd.read_csv(
            path, dtype=types, keep_default_na=False, na_values={n: [""] for n in types if n not in text}
        )
        return with_formulas(table.astype(types))
    from astropy.table import Table

    found = Table.read(path, format="votable" if path.suffix == ".vot" else "fits")
    data = {}
    for column in columns:
        values = found[column.name]
        if column.dtype == "str":
            data[column.name] = pd.Series(np.asarray(np.ma.filled(values, "")).astype(str)).astype("str")
        elif column.dtype in INTEGERS:
            mask = np.ma.getmaskarray(np.ma.asarray(values))
            native = np.ma.getdata(values).astype(column.dtype)
            data[column.name] = pd.Series(native, dtype=INTEGERS[column.dtype]).mask(pd.Series(mask))
        else:
            data[column.name] = np.ma.filled(np.ma.asarray(values, dtype=column.dtype), np.nan)
    return pd.DataFrame(data)


def column_metadata(path: str | Path) -> dict[str, dict]:
    """Unit, UCD and description of each column, from a catalogue's Parquet file."""
    import pyarrow.parquet

    schema = pyarrow.parquet.read_schema(path)
    decoded = {field.name: {k.decode(): v.decode() for k, v in (field.metadata or {}).items()} for field in schema}
    return decoded
