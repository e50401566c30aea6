"""Parquet tables read by row groups: those whose statistics say that they can hold what is wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from mstars.core.errors import InputError
from mstars.files.table_formats import OpenTable
from mstars.files.text_tables import TextRows

_DTYPES = [pd.BooleanDtype(), pd.Float32Dtype(), pd.Float64Dtype(), pd.StringDtype()]
_INTEGERS = [getattr(pd, f"{sign}Int{bits}Dtype")() for sign in ("", "U") for bits in (8, 16, 32, 64)]
_ARROW = {pa.from_numpy_dtype(kind.numpy_dtype): kind for kind in [*_DTYPES[:3], *_INTEGERS]}
_ARROW |= {pa.string(): _DTYPES[3], pa.large_string(): _DTYPES[3]}


@dataclass(frozen=True)
class Groups:
    """Row groups of a file.

    Attributes
    ----------
    names : tuple of str
        Columns.
    rows : list of int
        Rows of each group.
    spans : dict of str to list
        (least, greatest) value of a column in each group, None where the file does not tell them.
    """

    names: tuple[str, ...]
    rows: list[int]
    spans: dict[str, list]


def read_groups(path: str | Path, columns: Collection[str]) -> Groups:
    """What a file's footer tells of its row groups.

    Parameters
    ----------
    path : str or Path
    columns : collection of str
        Columns whose spans are wanted, where the file has them.

    Raises
    ------
    InputError
        No readable Parquet file.
    """
    try:
        footer = pyarrow.parquet.read_metadata(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: not readable ({str(error)[:200]})") from None
    names = tuple(footer.schema.to_arrow_schema().names)
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    place = {footer.schema.column(number).path: number for number in range(footer.num_columns)}
    spans = {name: [_span(group.column(place[name])) for group in groups] for name in columns if name in place}
    return Groups(names, [group.num_rows for group in groups], spans)


def _span(column) -> tuple | None:
    told = column.statistics
    return (told.min, told.max) if told is not None and told.has_min_max else None


def open_groups(path: str | Path, groups: Groups, chosen: Sequence[int]) -> OpenTable:
    """A table of the chosen row groups alone, read one at a time."""
    starts = [sum(groups.rows[:number]) for number in chosen]

    def chunks(columns: Collection[str], size: int) -> Iterator[TextRows]:
        with pyarrow.parquet.ParquetFile(path) as file:
            for number, start in zip(chosen, starts, strict=True):
                for batch in file.iter_batches(size, [number], columns=list(columns)):
                    part = batch.to_pandas(types_mapper=_ARROW.get)
                    part.index = range(start + 1, start + len(part) + 1)
                    start += len(part)
                    yield TextRows(part, {})

    return OpenTable(groups.names, {}, chunks)
