"""Catalogues as FITS, VOTable, CSV and Parquet: the same content in each, and the same bytes each time."""

from __future__ import annotations

import binascii
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.catalog.columns import INTEGERS, ProductColumn
from mstars.core.errors import InputError
from mstars.files.hostile import with_formulas, without_formulas
from mstars.files.whole import atomic_path

_FITS_CODES = {"int16": "I", "int32": "J", "int64": "K", "float32": "E", "float64": "D"}
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


def _text(values: pd.Series) -> np.ndarray:
    """Text as bytes of one width (at least 1); what is not ASCII is escaped."""
    encoded = [value.encode("ascii", "backslashreplace") for value in values.tolist()]
    return np.array(encoded, dtype=f"S{max(1, *map(len, encoded), 1)}")


def _description(column: ProductColumn) -> str:
    return column.description + (f" ({column.unit})" if column.unit in _UNSTANDARD_UNITS else "")


def _unit(column: ProductColumn) -> str | None:
    return None if column.unit in ("", *_UNSTANDARD_UNITS) else column.unit


def _write_fits(table, columns, path, title) -> None:
    from astropy.io import fits

    parts = []
    for column in columns:
        values, null = table[column.name], None
        if column.dtype == "str":
            array = _text(values)
            code = f"{array.dtype.itemsize}A"
        else:
            code = _FITS_CODES[column.dtype]
            if column.dtype in INTEGERS:
                null = int(column.null)
                values = values.fillna(null)
            array = values.to_numpy(dtype=column.dtype)
        parts.append(fits.Column(column.name, code, unit=_unit(column), null=null, array=array))
    hdu = fits.BinTableHDU.from_columns(fits.ColDefs(parts), name="CATALOG")
    for number, column in enumerate(columns, start=1):
        hdu.header[f"TCOMM{number}"] = _description(column)
        hdu.header[f"TUCD{number}"] = column.ucd
    primary = fits.PrimaryHDU()
    primary.header["TITLE"] = title
    fits.HDUList([primary, hdu]).writeto(path, output_verify="exception")


_BASE64_BYTES = 57 * 4096  # whole lines of 76 characters
_END_OF_FIELDS = b"</TABLE>"


def _write_votable(table, columns, path, title) -> None:
    """Head by astropy, data by numpy: astropy writes 1,000 rows of BINARY2 a second, this 100 times as many."""
    arrays = {column.name: _binary_array(table[column.name], column) for column in columns}
    head, tail = _votable_head(columns, arrays, title).split(_END_OF_FIELDS)
    stream = memoryview(_binary2(table, columns, arrays))
    with open(path, "wb") as file:
        file.write(head + b'<DATA><BINARY2><STREAM encoding="base64">\n')
        for start in range(0, len(stream), _BASE64_BYTES):
            lines = binascii.b2a_base64(stream[start : start + _BASE64_BYTES], newline=False)
            file.write(b"\n".join(lines[i : i + 76] for i in range(0, len(lines), 76)) + b"\n")
        file.write(b"</STREAM></BINARY2></DATA>\n  " + _END_OF_FIELDS + tail)


def _binary_array(values: pd.Series, column: ProductColumn) -> np.ndarray:
    """Values in big-endian order; a whole number that is none is the column's null."""
    if column.dtype == "str":
        return _text(values)
    if column.dtype in INTEGERS:
        values = values.fillna(int(column.null))
    return values.to_numpy(dtype=column.dtype).astype(np.dtype(column.dtype).newbyteorder(">"))


def _votable_head(columns, arrays, title) -> bytes:
    """A VOTable of these columns without data."""
    from astropy.io.votable import from_table
    from astropy.table import Column, Table

    parts = []
    for column in columns:
        about = {"name": column.name, "description": _description(column), "unit": _unit(column)}
        dtype = arrays[column.name].dtype.newbyteorder("=")
        parts.append(Column(np.empty(0, dtype), meta={"ucd": column.ucd}, **about))
    votable = from_table(Table(parts), table_id="catalog")
    votable.description = title
    votable.version = "1.4"
    said = io.BytesIO()
    votable.to_xml(said)
    return said.getvalue()


def _binary2(table, columns, arrays) -> bytes:
    """Rows as BINARY2 has them: a bit a column that says null, then the values."""
    null = np.zeros((len(table), len(columns)), bool)
    for number, column in enumerate(columns):
        if column.dtype in INTEGERS:
            null[:, number] = table[column.name].isna()
    bits = np.packbits(null, axis=1)
    layout = [("null", bits.dtype, bits.shape[1:])] + [(name, values.dtype) for name, values in arrays.items()]
    rows = np.empty(len(table), dtype=layout)
    rows["null"] = bits
    for name, values in arrays.items():
        rows[name] = values
    return rows.tobytes()


def _write_csv(table, columns, path, title) -> None:
    without_formulas(table[[column.name for column in columns]]).to_csv(path, index=False, lineterminator="\n")


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
