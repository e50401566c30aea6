"""A large catalogue written once as Parquet in the order of the sky, so that a cell reads its part alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from mstars.files.external_tables import Column, empty_table, iter_external, spellings_of
from mstars.files.parquet_groups import read_groups
from mstars.files.table_formats import open_table
from mstars.files.whole import atomic_path
from mstars.sky.cells import pixels
from mstars.sky.coverage import INDEX_ORDER
from mstars.sky.parts import HEALPIX, absent_columns, in_parts

LARGE = 2**28
"""Bytes from which a file is worth an index."""

_BIN_ORDER = 2
_GROUP_ROWS = 50_000
_NARROW = 0.25


def needs_index(path: str | Path) -> bool:
    """Whether cells read a file by an index: large, and no Parquet file in the order of the sky."""
    path = Path(path)
    if not path.is_file() or path.stat().st_size < LARGE:
        return False
    return not in_parts(path) or not _in_sky_order(path)


def _in_sky_order(path: Path) -> bool:
    """Whether a row group of a Parquet file spans a small part of the sky or of the identifiers."""
    from mstars.sky.gaia import GAIA

    for spans in read_groups(path, [HEALPIX, *spellings_of(GAIA[:3])]).spans.values():
        known = [span for span in spans if span is not None and not isinstance(span[0], str)]
        if len(known) == len(spans) and len(spans) > 1:
            wide = max(high for _, high in known) - min(low for low, _ in known)
            if np.median([high - low for low, high in known]) < _NARROW * wide:
                return True
    return False


def write_index(
    path: str | Path,
    columns: tuple[Column, ...],
    key: str,
    output: str | Path,
    clean: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
) -> int:
    """Write the wanted columns of a catalogue under our names, sorted by HEALPix index (else by identifier).

    The rows go through temporary files, a pixel of order 2 each, so that 1/192 of the catalogue is in memory at once.

    Parameters
    ----------
    path : str or Path
        A file of `mstars.files.external_tables.read_external`.
    columns : tuple of Column
        Where none is of kind ra, the rows are sorted by the first column, an identifier.
    key : str
        The config key that names the file, for messages.
    output : str or Path
    clean : callable, optional
        Changes the rows of a pixel (duplicates of a source lie in one).

    Returns
    -------
    int
        Rows written.
    """
    place = [next((column.name for column in columns if column.kind == kind), None) for kind in ("ra", "dec")]
    by = HEALPIX if place[0] else columns[0].name
    with tempfile.TemporaryDirectory(prefix="index-", dir=_folder(output)) as folder:
        bins = _Bins(Path(folder))
        absent = list(absent_columns(columns, open_table(path).names))
        for part in iter_external(path, columns, key):
            part = part.drop(columns=absent)
            if place[0]:
                part[HEALPIX] = pixels(part[place[0]].to_numpy(float), part[place[1]].to_numpy(float), INDEX_ORDER)
            bins.add(part, _bin_of(part[by], place[0] is not None))
        return bins.write(Path(output), by, clean, columns)


def _folder(output: str | Path) -> Path:
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    return Path(output).parent


def _bin_of(values: pd.Series, sky: bool) -> np.ndarray:
    """Bin of each row: a pixel of the sky, or a range of identifiers (the leading bits of 63)."""
    numbers = values.fillna(-1).to_numpy(np.int64)
    return np.where(numbers < 0, 0, numbers >> (2 * (INDEX_ORDER - _BIN_ORDER) if sky else 55))


class _Bins:
    """Rows in one temporary Parquet file a bin."""

    def __init__(self, folder: Path):
        self.folder, self.writers = folder, {}

    def add(self, part: pd.DataFrame, bins: np.ndarray) -> None:
        table = pa.Table.from_pandas(part, preserve_index=False)
        for number, rows in pd.Series(bins).groupby(bins).indices.items():
            if number not in self.writers:
                path = self.folder / f"{number}.parquet"
                self.writers[number] = pyarrow.parquet.ParquetWriter(path, table.schema, compression="zstd")
            self.writers[number].write_table(table.take(pa.array(rows)))

    def write(self, output: Path, by: str, clean, columns: tuple[Column, ...]) -> int:
        for writer in self.writers.values():
            writer.close()
        total, target = 0, None
        with atomic_path(output) as temporary:
            try:
                for number in sorted(self.writers):
                    part = pd.read_parquet(self.folder / f"{number}.parquet").sort_values(by, kind="stable")
                    part = part if clean is None else clean(part)
                    table = pa.Table.from_pandas(part, preserve_index=False)
                    target = target or pyarrow.parquet.ParquetWriter(temporary, table.schema, compression="zstd")
                    target.write_table(table.cast(target.schema), row_group_size=_GROUP_ROWS)
                    total += len(part)
                if target is None:
                    empty_table(columns).to_parquet(temporary, index=False)
            finally:
                if target is not None:
                    target.close()
        return total
