"""Catalogues as the CDS takes them: aligned ASCII tables, and a ReadMe that describes them byte by byte.

Standard: https://vizier.cds.unistra.fr/doc/catstd.htx. AAS journals call such tables machine-readable.
The column file says all that a ReadMe needs, and a table is written in parts, column by column. The writers of astropy
and cdspyreadme hold the whole table, format it value by value, and give a float32 all digits of its binary value.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.catalog.columns import INTEGERS, PRODUCTS, ProductColumn, product_columns
from mstars.catalog.writers import read_product
from mstars.files.whole import atomic_path

DECIMALS = {"deg": 7, "K": 1, "km s-1": 2, "dex": 4, "mag": 4, "pc": 2, "Angstrom": 4}
"""Decimals of a number by its unit. Other units have `OTHER_DECIMALS`."""

OTHER_DECIMALS = 4

CDS_UNITS = {"": "---", "km s-1": "km/s", "Angstrom": "0.1nm", "dex": "[-]"}
"""Units as the CDS writes them, where they differ from those of ``resources/catalog_columns.csv``."""

_DESCRIPTION = (
    "Spectra of M-type stars with classes, radial velocities, effective temperatures, surface gravities, metallicities "
    "and alpha abundances, made with mstars {version} by the method of Li et al. (2025) from the survey '{survey}'."
)
_SIMULATED = " The survey is SIMULATED: it says that the machinery works, not what the sky is like."
_REFERENCES = {"Li et al.": "2025, Refined M-type Star Catalog from LAMOST DR10"}

_ROWS = 50_000  # rows formatted at a time
_LINE = "-" * 80


@dataclass(frozen=True)
class CdsTable:
    """A table of a ReadMe.

    Attributes
    ----------
    file : str
        Name of the data file.
    columns : list of ProductColumn
        In the order of the file.
    formats : list of str
        Fortran formats, for example F8.2.
    rows : int
    title : str
    """

    file: str
    columns: list[ProductColumn]
    formats: list[str]
    rows: int
    title: str

    @property
    def widths(self) -> list[int]:
        """Bytes of each column."""
        return [int(form[1:].split(".")[0]) for form in self.formats]

    @property
    def record(self) -> int:
        """Bytes of a line without its end."""
        return sum(self.widths) + len(self.widths) - 1


def write_cds_table(table: pd.DataFrame, columns: list[ProductColumn], path: str | Path, title: str) -> CdsTable:
    """Write a catalogue as aligned ASCII. A missing value is blank.

    Parameters
    ----------
    table : pandas.DataFrame
        From `mstars.catalog.columns.product_table` or `mstars.catalog.writers.read_product`.
    columns : list of ProductColumn
        Its columns, in order.
    path : str or Path
        The data file.
    title : str
        What the table is, for the ReadMe.

    Returns
    -------
    CdsTable
        For `readme_text`.
    """
    formats = [_format(table[column.name], column) for column in columns]
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        for start in range(0, len(table), _ROWS):
            part = table.iloc[start : start + _ROWS]
            fields = [_bytes(part[c.name], c, form) for c, form in zip(columns, formats, strict=True)]
            layout = [(f"f{number}", field.dtype) for number, field in enumerate(fields)]
            rows = np.empty((len(part), sum(field.dtype.itemsize for field in fields) + len(layout)), np.uint8)
            rows[:] = ord(" ")
            rows[:, -1] = ord("\n")
            place = 0
            for field in fields:
                width = field.dtype.itemsize
                rows[:, place : place + width] = field.view(np.uint8).reshape(len(part), width)
                place += width + 1
            file.write(rows.tobytes())
    return CdsTable(Path(path).name, columns, formats, len(table), title)


def _format(values: pd.Series, column: ProductColumn) -> str:
    if column.dtype == "str":
        longest = max((len(_ascii(text)) for text in values.unique()), default=1)
        return f"A{max(longest, 1)}"
    numbers = values.to_numpy(dtype="float64", na_value=np.nan)
    known = numbers[np.isfinite(numbers)]
    if column.dtype in INTEGERS:
        whole = values.dropna()
        longest = max(len(str(int(end))) for end in (whole.min(), whole.max())) if len(whole) else 1
        return f"I{longest}"
    decimals = DECIMALS.get(column.unit, OTHER_DECIMALS)
    if not len(known):
        return f"F{decimals + 2}.{decimals}"
    longest = max(len(f"{end:.{decimals}f}") for end in (known.min(), known.max()))
    return f"F{max(longest, decimals + 2)}.{decimals}"


def _ascii(text) -> str:
    return str(text).encode("ascii", "backslashreplace").decode().replace("\n", " ")


def _bytes(values: pd.Series, column: ProductColumn, form: str) -> np.ndarray:
    """A column as bytes of its width: text left, numbers right, blanks where nothing is known."""
    width = int(form[1:].split(".")[0])
    if form[0] == "A":
        return np.array([_ascii(text).ljust(width) for text in values], dtype=f"S{width}")
    missing = values.isna().to_numpy()
    if form[0] == "I":
        text = np.char.mod(f"%{width}d", values.fillna(0).to_numpy(dtype="int64"))
    else:
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        missing = ~np.isfinite(numbers)
        text = np.char.mod(f"%{width}.{form.split('.')[1]}f", np.where(missing, 0.0, numbers))
    text = text.astype(f"S{width}")
    text[missing] = b" " * width
    return text


def readme_text(tables: list[CdsTable], *, title: str, description: str, references: Mapping[str, str]) -> str:
    """The ReadMe of some tables.

    Parameters
    ----------
    tables : list of CdsTable
    title : str
        One line.
    description : str
        What the catalogue is and how it was made.
    references : mapping of str to str
        For each paper's short name where it was published.
    """
    parts = [title, "=" * 80, "Keywords: Stars, M-type ; Spectroscopy ; Radial velocities ; Surveys", ""]
    parts += ["Description:", _wrapped(description, "    "), "", "File Summary:", _LINE]
    parts += [
        f" {'FileName':<18}{'Lrecl':>7}{'Records':>10}   Explanations",
        _LINE,
        f"{'ReadMe':<19}{80:>7}{'.':>10}   This file",
    ]
    for table in tables:
        about = textwrap.wrap(table.title, 41)
        parts.append(f"{table.file:<19}{table.record:>7}{table.rows:>10}   {about[0]}")
        parts += [" " * 39 + line for line in about[1:]]
    parts += [_LINE, ""]
    for table in tables:
        parts += [f"Byte-by-byte Description of file: {table.file}", _LINE]
        parts += ["   Bytes Format Units   Label             Explanations", _LINE, *_byte_lines(table), _LINE, ""]
    parts += ["References:", *(_wrapped(f"{name}, {place}", "    ") for name, place in references.items()), "=" * 80]
    return "\n".join(parts) + "\n"


def write_cds_files(
    products: Mapping[str, str | Path],
    tables: Sequence[str | Path],
    readme: str | Path,
    *,
    survey: str,
    version: str,
    simulated: bool,
    with_filename: bool,
) -> list[CdsTable]:
    """Write catalogues as data files, and the ReadMe that describes them.

    Parameters
    ----------
    products : mapping of str to path
        The catalogues (Parquet) by their keys in `mstars.catalog.columns.PRODUCTS`.
    tables : sequence of path
        The data files, in the order of the products.
    readme : path
    survey : str
        Its name.
    version : str
        Of mstars.
    simulated : bool
        Whether the ReadMe says that the survey is simulated.
    with_filename : bool
        As for `mstars.catalog.columns.product_columns`.

    Returns
    -------
    list of CdsTable
        Of each data file.
    """
    written = []
    for (product, path), target in zip(products.items(), tables, strict=True):
        columns = product_columns(product, with_filename=with_filename)
        written.append(write_cds_table(read_product(path, columns), columns, target, PRODUCTS[product]))
    text = readme_text(
        written,
        title=f"M-type stars of {survey} (mstars)",
        description=_DESCRIPTION.format(version=version, survey=survey) + _SIMULATED * simulated,
        references=_REFERENCES,
    )
    with atomic_path(readme) as temporary:
        temporary.write_text(text)
    return written


def _wrapped(text: str, indent: str) -> str:
    return "\n".join(textwrap.wrap(text, 80, initial_indent=indent, subsequent_indent=indent))


def _byte_lines(table: CdsTable) -> list[str]:
    lines, first = [], 1
    for column, form, width in zip(table.columns, table.formats, table.widths, strict=True):
        last = first + width - 1
        place = f"{first:4d}-{last:4d}" if width > 1 else f"{last:9d}"
        unit = "[cm/s2]" if column.name == "logg" else CDS_UNITS.get(column.unit, column.unit)
        # the CDS reads a question mark as: the field may be blank
        # the CDS takes a line that begins with a number for the next column
        text = re.sub(r" (?=\d)", "\xa0", ("? " if lines else "") + _ascii(column.description))
        about = [line.replace("\xa0", " ") for line in textwrap.wrap(text, 37)]
        lines.append(f"{place} {form:<6} {unit:<7} {column.name:<17} {about[0]}")
        lines += [" " * 43 + line for line in about[1:]]
        first = last + 2
    return lines
