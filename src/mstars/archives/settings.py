"""The config's section ``acquire`` as what the fetching functions take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from mstars.archives.fetch import Fetcher
from mstars.archives.manifest import Manifest, record_of
from mstars.archives.secret import read_token
from mstars.archives.tap import Patience, Table
from mstars.core.errors import InputError
from mstars.files.external_tables import find_column, spellings_of
from mstars.files.table_formats import open_table
from mstars.files.tables import write_table
from mstars.sky.catalogues import CATALOGUES


def fetcher(settings: Mapping, *, lamost: bool = False) -> Fetcher:
    """A fetcher by the config; with LAMOST's token where it is for LAMOST."""
    token = read_token(settings["token_variable"], settings["token_file"]) if lamost else None
    limits = {name: settings[name] for name in ("attempts", "timeout")}
    return Fetcher(token, connections=settings["downloads"], **limits)


def tap_tables(tables: Sequence[Mapping]) -> list[Table]:
    """Tables of TAP services, in the order to be asked."""
    return [Table(one["url"], one["table"], one.get("distances")) for one in tables]


def patience(settings: Mapping) -> Patience:
    """How long TAP jobs may take."""
    return Patience(settings["tap_seconds"], settings["tap_poll"], settings["tap_places"])


def write_answer(rows: pd.DataFrame, table: Table | None, path: str | Path, manifest: str | Path) -> None:
    """Write what a TAP service answered, and where it is from."""
    write_table(rows, path)
    source = f"{table.url} {table.name}" if table is not None else "no place to ask for"
    Manifest([record_of(path, source, len(rows))]).write(manifest)


def check_columns(name: str) -> Callable[[Path], None]:
    """A check that a file has the columns that we need of a catalogue (of `mstars.sky.catalogues.CATALOGUES`)."""
    columns = CATALOGUES[name].columns
    spellings = spellings_of(columns)

    def check(path: Path) -> None:
        present = open_table(path).names
        for column in columns:
            find_column(column, present, spellings, path)

    return check


def check_rows(path: Path) -> None:
    """Check that a table that was fetched has rows.

    Raises
    ------
    InputError
        It has none: VizieR answers so where it has no such table.
    """
    said = "no row came"
    try:
        table = open_table(path)
        if any(len(part.table) for part in table.chunks(table.names[:1], 1)):
            return
    except InputError as error:
        said = str(error)
    raise InputError(f"{said}; is the identifier that of a table? vizier.cds.unistra.fr lists them")
