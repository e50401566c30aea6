"""The part of an external catalogue that lies around some places, read without the rest.

What is read of a catalogue depends on its form:

- a folder of the HATS layout (partitioned Parquet of the LSDB project): the pixel files that the places lie in;
- a Parquet file: the row groups whose statistics of ``_healpix_29``, or of right ascension and declination, touch them;
- any other file: all of it. Of a large one `mstars.sky.index` makes such a Parquet file once.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.files.external_tables import Column, empty_table, find_column, iter_external, read_external, spellings_of
from mstars.files.parquet_groups import Groups, open_groups, read_groups
from mstars.sky.coverage import INDEX_ORDER, Coverage, has_between

HEALPIX = "_healpix_29"
"""HATS's name of the HEALPix index (nested, order 29)."""

_PARTITION = re.compile(r"Norder=(\d+)/Dir=\d+/Npix=(\d+)(?:\.parquet|/.*\.parquet)$")
_CHUNK = 250_000
_SMALL = 2**26


@dataclass(frozen=True)
class Part:
    """Rows of a catalogue in its own order.

    Attributes
    ----------
    table : pandas.DataFrame
        Columns as of `mstars.files.external_tables.read_external`.
    whole : bool
        Whether every row of the catalogue was read, before those far from the places were left out.
    absent : frozenset of str
        Wanted columns that the catalogue does not have.
    """

    table: pd.DataFrame
    whole: bool
    absent: frozenset[str]


def read_part(
    path: str | Path,
    columns: tuple[Column, ...],
    key: str,
    coverage: Coverage,
    clean: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
) -> Part:
    """Sources of a catalogue that may matter for some places.

    Parameters
    ----------
    path : str or Path
        A file, or a folder of the HATS layout.
    columns : tuple of Column
        With one of kind ra and one of kind dec.
    key : str
        The config key that names the catalogue, for messages.
    coverage : Coverage
        Of the places.
    clean : callable, optional
        Changes what was read: the whole table of a file that is read whole, else what lies around the places.

    Raises
    ------
    InputError
        As of `mstars.files.external_tables.read_external`.
    """
    place = [next(column for column in columns if column.kind == kind) for kind in ("ra", "dec")]
    if not in_parts(path):
        table = read_external(path, columns, key)
        absent = frozenset(name for name in table if table[name].isna().all()) if len(table) else frozenset()
        table = table if clean is None else clean(table)
        return Part(_near(table, place, coverage), True, absent)
    parts, names = [empty_table(columns)], set()
    for file in _files(Path(path), coverage, key):
        groups = read_groups(file, [*spellings_of(place), HEALPIX])
        names |= set(groups.names)
        chosen = _touched(groups, place, coverage, file)
        opened = functools.partial(_opened, file, groups, chosen)
        for chunk in iter_external(file, columns, key, opened, _CHUNK):
            parts.append(_near(chunk, place, coverage))
    table = pd.concat(parts[1:] or parts, ignore_index=True)
    absent = absent_columns(columns, names) if names else ()
    return Part(table if clean is None else clean(table), False, frozenset(absent))


def absent_columns(columns: Sequence[Column], present: Collection[str]) -> set[str]:
    """Our names of the columns that a catalogue has under no spelling."""
    lower = {name.lower() for name in present}
    return {column.name for column in columns if not {one.lower() for one in spellings_of([column])} & lower}


def rows_of(path: str | Path, columns: tuple[Column, ...], key: str, ids: np.ndarray, coverage: Coverage):
    """Rows of a catalogue whose identifier, the first of the columns, is among some.

    Of a Parquet file the row groups are read whose statistics of the identifier allow one of them; of a HATS folder
    the pixel files around the sources that the identifiers are of (``coverage``).

    Parameters
    ----------
    path, columns, key
        As for `read_part`.
    ids : ndarray of int64, [n]
    coverage : Coverage

    Returns
    -------
    pandas.DataFrame
    """
    name, ids = columns[0].name, np.unique(ids)
    if not in_parts(path):
        return read_external(path, columns, key)
    parts = [empty_table(columns)]
    for file in _files(Path(path), coverage, key):
        groups = read_groups(file, spellings_of(columns[:1]))
        spans = next(iter(groups.spans.values()), [None] * len(groups.rows))
        chosen = [number for number, span in enumerate(spans) if span is None or has_between(ids, *span)]
        for chunk in iter_external(file, columns, key, functools.partial(_opened, file, groups, chosen), _CHUNK):
            parts.append(chunk[chunk[name].isin(ids)])
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _opened(file, groups: Groups, chosen: Sequence[int], known: Collection[str]):
    return open_groups(file, groups, chosen)


def _near(table: pd.DataFrame, place: Sequence[Column], coverage: Coverage) -> pd.DataFrame:
    ra, dec = (table[column.name].to_numpy(float, na_value=np.nan) for column in place)
    motion = None
    if {"pmra", "pmdec"} <= set(table):
        motion = np.hypot(*(table[name].to_numpy(float, na_value=np.nan) for name in ("pmra", "pmdec")))
    return table[coverage.keeps(ra, dec, motion)]


def in_parts(path: str | Path) -> bool:
    """Whether a catalogue is read in parts: a folder, or a Parquet file that is not small."""
    path = Path(path)
    if path.is_dir():
        return True
    return path.suffix.lower() in (".parquet", ".pq") and path.is_file() and path.stat().st_size > _SMALL


def _files(path: Path, coverage: Coverage, key: str) -> Iterator[Path]:
    """The Parquet files of a catalogue in which sources may matter, in the order of the sky."""
    if not path.is_dir():
        yield path
        return
    partitions = hats_partitions(path)
    if not partitions:
        raise InputError(
            f"{key}: {path}: a folder without Norder=*/Dir=*/Npix=*.parquet: give a file, or a HATS folder"
        )
    for order, pixel, file in partitions:
        if coverage.touches_pixel(order, pixel):
            yield file


@functools.lru_cache(maxsize=8)
def hats_partitions(folder: Path) -> tuple[tuple[int, int, Path], ...]:
    """Order, pixel and file of each partition of a HATS folder, in the order of the sky."""
    found = []
    for file in folder.rglob("*.parquet"):
        if match := _PARTITION.search(file.as_posix()):
            found.append((int(match[1]), int(match[2]), file))
    return tuple(sorted(found, key=lambda one: (one[1] << 2 * (INDEX_ORDER - one[0]), one[2].as_posix())))


def proof_of(path: str | Path) -> list[Path]:
    """Files that say which catalogue this is: the file itself, or the tables at the top of a HATS folder."""
    path = Path(path)
    return [file for file in sorted(path.iterdir()) if file.is_file()] if path.is_dir() else [path]


def _touched(groups: Groups, place: Sequence[Column], coverage: Coverage, file: Path) -> list[int]:
    """Row groups whose statistics touch the places; without statistics all."""
    every = range(len(groups.rows))
    if HEALPIX in groups.spans:
        return [number for number in every if _in_index(groups.spans[HEALPIX][number], coverage)]
    names = [find_column(column, groups.names, spellings_of(place), file) for column in place]
    if any(name not in groups.spans for name in names):
        return list(every)
    ra, dec = (groups.spans[name] for name in names)
    return [number for number in every if _in_box(ra[number], dec[number], coverage)]


def _in_index(span, coverage: Coverage) -> bool:
    return span is None or coverage.touches_index(int(span[0]), int(span[1]))


def _in_box(ra, dec, coverage: Coverage) -> bool:
    if ra is None or dec is None or isinstance(ra[0], str):
        return True
    return coverage.touches_box(ra, dec)
