"""The config's section ``acquire`` as what the fetching functions take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from mstars.archives.fetch import Fetcher
from mstars.archives.manifest import Manifest, record_of
from mstars.archives.secret import read_token
from mstars.archives.tap import Patience, Table
from mstars.core.config.archives import VizierTables
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


def vizier_file(identifier: str) -> str:
    """Name of the file of a table of VizieR, without its ending."""
    return identifier.replace("/", "_")


def vizier_url(url: str, identifier: str, columns: Sequence[str] = ()) -> str:
    """Address of a whole table of VizieR as text, with some columns or all."""
    chosen = "".join(f"&-out={quote(name, safe='')}" for name in columns) or "&-out.all"
    return f"{url}?-source={quote(identifier, safe='/+')}&-out.max=unlimited{chosen}"


BINARIES_COLUMNS = ("Source1", "Source2", "R", "sepAU", "theta")
"""What is fetched of the 217 columns of El-Badry et al. (2021): sources, chance of alignment, separations."""


@dataclass(frozen=True)
class VizierTable:
    """A table of VizieR to fetch: its identifier, the columns (none: all), and the name of the work in the config."""

    identifier: str
    columns: tuple[str, ...] = ()
    name: str = ""


COMPARED = {"binaries": "binaries", "occam": "cluster_metallicities"}
"""Keys of section ``compare`` that a fetched work stands for where they name no file that is there."""


def vizier_tables(settings: Mapping, compare: Mapping) -> list[VizierTable]:
    """Tables of VizieR to fetch: works by their names, unless a local file is there for them, and identifiers.

    Parameters
    ----------
    settings, compare : mapping
        Sections ``acquire`` and ``compare`` of the config.

    Raises
    ------
    InputError
        No identifier of a work is known: which paper to look for, and the key that takes it.
    """
    found = []
    for name, identifier in settings["identifiers"].items():
        local = compare[COMPARED[name]] if name in COMPARED else None
        if name not in settings["fetch"] or (local and Path(local).expanduser().exists()):
            continue
        if identifier is None:
            raise InputError(
                f"acquire.fetch: {name}: its identifier in VizieR is not known to mstars. Look for {paper_of(name)} at "
                f"vizier.cds.unistra.fr and give acquire.identifiers.{name} the name of its table, as "
                "J/ApJS/275/8/table2; where VizieR has none, describe a file of yours in compare.catalogs "
                "(docs/methods/compare.md)"
            )
        found.append(VizierTable(identifier, BINARIES_COLUMNS if name == "binaries" else (), name))
    return found + [VizierTable(identifier) for identifier in settings["vizier"]]


def paper_of(name: str) -> str:
    """Which paper a work of ``acquire.identifiers`` is of."""
    return VizierTables.model_fields[name].description


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
