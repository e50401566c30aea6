"""Tables as text: separator, encoding, comment lines, header and units found once, rows read as strings.

Understood: commas, ``|``, ``;``, tabs or blanks between columns; a byte order mark; ``#`` lines anywhere; a header that
is itself a ``#`` line; a row of units and a line of dashes under the header (VizieR's TSV); units in the comments of an
ECSV file; separators at the end of each row. A ``#`` within a row is part of its value.
"""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import itertools
import lzma
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from mstars.core.errors import InputError

SEPARATORS = ",|;\t"
_QUOTED_LINES = 100
_HEAD_LINES = 500
OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
"""What opens a packed file, by its first bytes."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ECSV_COLUMN = re.compile(r"#\s*-\s*\{name: ['\"]?([^,'\"}]+)['\"]?, (?:.*?, )?unit: ['\"]?([^,'\"}]+)")
_DASHES = re.compile(r"-*")


@dataclass(frozen=True)
class TextLayout:
    """How a text table is written.

    Attributes
    ----------
    separator : str
        ``,``, ``|``, ``;``, tab, or a blank for any number of blanks.
    names : tuple of str
        Columns as the header has them, without quotes and blanks around them.
    units : dict of str to str
        Units that the file tells, by column.
    skip : int
        Lines before the first row.
    encoding : str
    """

    separator: str
    names: tuple[str, ...]
    units: dict[str, str] = field(default_factory=dict)
    skip: int = 1
    encoding: str = "utf-8"


def opener_of(path: str | Path) -> Callable:
    """What opens a file, packed or not, by its first bytes."""
    with open(path, "rb") as file:
        first = file.read(6)
    return next((opener for magic, opener in OPENERS.items() if first.startswith(magic)), open)


def open_text(path: str | Path, errors: str = "replace") -> io.TextIOBase:
    """A text file opened: unpacked if it is gzip, bzip2 or xz by its first bytes, its byte order mark taken off."""
    opener = opener_of(path)
    with opener(path, "rb") as file:
        first = file.read(4)
    encoding = next((name for mark, name in _MARKS if first.startswith(mark)), "utf-8")
    return opener(path, "rt", encoding=encoding, errors=errors, newline="")


def text_layout(path: str | Path, known: Collection[str] = ()) -> TextLayout:
    """How a text table is written, from its first lines.

    Parameters
    ----------
    path : str or Path
    known : collection of str, optional
        Names (small letters) that a header may have: they tell a header that is a ``#`` line from a comment.

    Raises
    ------
    InputError
        The file has no header.
    """
    with open_text(path) as file:
        encoding = file.encoding
        head = [line.rstrip("\r\n") for line in itertools.islice(file, _HEAD_LINES)]
    first = next(
        (number for number, line in enumerate(head) if line.strip() and not line.lstrip().startswith("#")), None
    )
    if first is None:
        raise InputError(f"{path}: empty; its first line must name the columns")
    number, line = first, head[first]
    above = next((other for other in reversed(head[:first]) if other.strip()), "")
    commented = above.lstrip().lstrip("#").strip()
    if _n_known(commented, known) > _n_known(line, known):
        number, line = first - 1, commented
    separator = _separator(line)
    names = [_bare(name) for name in _split(line, separator)]
    while len(names) > 1 and not names[-1]:
        names.pop()
    units, n_more = _units_below(head[number + 1 : number + 3], names, separator)
    units = {**_ecsv_units(head[:first]), **units}
    return TextLayout(separator, tuple(names), units, number + 1 + n_more, encoding)


def _n_known(line: str, known: Collection[str]) -> int:
    return sum(_bare(name).lower() in known for name in _split(line, _separator(line)))


def _separator(line: str) -> str:
    best = max(SEPARATORS, key=line.count)
    return best if best in line else " "


def _split(line: str, separator: str) -> list[str]:
    return line.split() if separator == " " else next(csv.reader([line], delimiter=separator), [""])


def _bare(name: str) -> str:
    return name.strip().strip("\"'").strip()


def _units_below(lines: list[str], names: list[str], separator: str) -> tuple[dict[str, str], int]:
    """Units in the line below the header, and how many lines are no rows: VizieR writes units and then dashes."""
    rows = [[cell.strip() for cell in _split(line, separator)] for line in lines]
    dashes = [bool("".join(row)) and all(_DASHES.fullmatch(cell) for cell in row) for row in rows]
    if len(rows) > 1 and dashes[1]:
        return _named(names, rows[0]), 2
    if rows and dashes[0]:
        return {}, 1
    if rows and _is_units(rows[0]):
        return _named(names, rows[0]), 1
    return {}, 0


def _named(names: list[str], cells: list[str]) -> dict[str, str]:
    return {name: unit for name, unit in zip(names, cells, strict=False) if unit}


def _is_units(cells: list[str]) -> bool:
    """Whether a row is one of units: not a number in it, and all that stands there is a unit."""
    from mstars.files.units import parsed_unit

    said = [cell for cell in cells if cell]
    return bool(said) and all(parsed_unit(cell) is not None for cell in said)


def _ecsv_units(lines: list[str]) -> dict[str, str]:
    return {found[1].strip(): found[2].strip() for line in lines if (found := _ECSV_COLUMN.match(line))}


def iter_records(path: str | Path, layout: TextLayout) -> Iterator[tuple[int, list[str]]]:
    """Rows of a small text table, taken apart exactly: a quoted value may hold line ends.

    Parameters
    ----------
    path : str or Path
        Not UTF-8 (or UTF-16 with its mark) is a `UnicodeError`.
    layout : TextLayout

    Yields
    ------
    line : int
        Number of the row's first line in the file.
    fields : list of str
        As many as there are names, without blanks around them; '' where a row ends before.

    Raises
    ------
    InputError
        A row has more fields than the header: names file and line.
    """
    n, line = len(layout.names), layout.skip + 1
    with open_text(path, "strict") as file:
        for _ in range(layout.skip):
            file.readline()
        reader = csv.reader(file, delimiter=layout.separator, skipinitialspace=True)
        for fields in reader:
            fields = [field.strip() for field in fields]
            while len(fields) > n and not fields[-1]:
                fields.pop()
            if len(fields) > n:
                raise InputError(f"{path}: line {line}: {len(fields)} fields, the header has {n}")
            if any(fields) and not fields[0].startswith("#"):
                yield line, fields + [""] * (n - len(fields))
            line = layout.skip + 1 + reader.line_num


@dataclass
class TextRows:
    """Some rows of a text table.

    Attributes
    ----------
    table : pandas.DataFrame
        The columns as strings without blanks around them, '' where nothing stands. The index is the number of the row,
        from 1.
    problems : dict of int to str
        Rows that are not in ``table``, by number, and why.
    """

    table: pd.DataFrame
    problems: dict[int, str]


def iter_text(path: str | Path, layout: TextLayout, columns: Collection[str], chunk: int) -> Iterator[TextRows]:
    """Rows of a text table in parts.

    Parameters
    ----------
    path : str or Path
    layout : TextLayout
    columns : collection of str
        Names of the header to read.
    chunk : int
        Rows of a part.

    Raises
    ------
    InputError
        The file can't be read to its end.
    """
    lines, rows, problems, number = [], [], {}, 0
    try:
        with open_text(path) as file:
            for number, (line, problem) in enumerate(_sorted_lines(file, layout), 1):
                if problem:
                    problems[number] = problem
                else:
                    lines.append(line)
                    rows.append(number)
                if len(lines) + len(problems) >= chunk:
                    yield TextRows(_columns(lines, rows, layout, columns), problems)
                    lines, rows, problems = [], [], {}
    except (UnicodeError, EOFError, OSError, lzma.LZMAError) as error:
        raise InputError(f"{path}: can't be read to its end, after row {number} ({error})") from None
    if lines or problems:
        yield TextRows(_columns(lines, rows, layout, columns), problems)


def _sorted_lines(file: io.TextIOBase, layout: TextLayout) -> Iterator[tuple[str, str]]:
    """Each row's text with exactly the header's number of fields, and '' or what is wrong with the row."""
    n, separator = len(layout.names), layout.separator
    quoted = separator != "|"
    for _ in range(layout.skip):
        file.readline()
    for line in file:
        line = line.rstrip("\r\n")
        if not line.strip() or line.startswith("#"):
            continue
        if separator == " ":
            line = "\t".join(line.split())
        elif quoted and '"' in line:
            line = _to_the_quote(line, file)
        fields = line.count(_delimiter(layout)) + 1
        if fields != n or (quoted and '"' in line):
            line, fields = _recounted(line, layout)
        if fields == n:
            yield line, ""
        else:
            yield "", f"{fields} fields, the header has {n}"


def _delimiter(layout: TextLayout) -> str:
    return "\t" if layout.separator == " " else layout.separator


def _to_the_quote(line: str, file: io.TextIOBase) -> str:
    """A line, and those that follow it as long as a quotation mark is open."""
    for _ in range(_QUOTED_LINES):
        if line.count('"') % 2 == 0:
            break
        more = file.readline()
        if not more:
            break
        line += " " + more.rstrip("\r\n")
    return line


def _recounted(line: str, layout: TextLayout) -> tuple[str, int]:
    """A line less the separators at its end, as spreadsheets write them, and its number of fields."""
    n, delimiter = len(layout.names), _delimiter(layout)
    if layout.separator == "|":
        fields = line.split("|")
    else:
        try:
            fields = next(csv.reader([line], delimiter=delimiter))
        except (csv.Error, StopIteration):
            return line, 0
    while len(fields) > n and not fields[-1].strip():
        fields.pop()
        line = line.rstrip()[: -len(delimiter)] if delimiter.strip() else line[: line.rindex(delimiter)]
    return line, len(fields)


def _columns(lines: list[str], rows: list[int], layout: TextLayout, columns: Collection[str]) -> pd.DataFrame:
    import pyarrow
    from pyarrow import compute
    from pyarrow import csv as arrow

    numbers = {name: layout.names.index(name) for name in columns}
    wanted = {f"{number}" for number in numbers.values()}
    text = "\n".join(lines).encode("utf-8", "replace")
    plain = layout.separator == "|"
    try:
        found = arrow.read_csv(
            pyarrow.BufferReader(text),
            arrow.ReadOptions(column_names=[f"{number}" for number in range(len(layout.names))]),
            arrow.ParseOptions(delimiter=_delimiter(layout), quote_char=False if plain else '"'),
            arrow.ConvertOptions(
                include_columns=sorted(wanted), column_types=dict.fromkeys(wanted, pyarrow.string()), check_utf8=False
            ),
        )
        values = {name: found.column(f"{number}") for name, number in numbers.items()}
    except pyarrow.ArrowInvalid:  # no line, or quotation marks in the middle of values
        taken = [next(csv.reader([line], delimiter=_delimiter(layout))) for line in lines]
        values = {
            name: pyarrow.chunked_array([[row[number] for row in taken]], "str") for name, number in numbers.items()
        }
    around = ' \t"' if plain and b'"' in text else " \t"
    trimmed = {name: compute.utf8_trim(column, around).to_pandas() for name, column in values.items()}
    return pd.DataFrame(
        {name: column.fillna("").to_numpy(dtype=object) for name, column in trimmed.items()}, index=rows
    )
