"""What is published of the files of archives: sizes and checksums, in ``resources/archive_files.csv``."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from mstars.archives.fetch import Wanted
from mstars.core.resources import resource, resource_rows


@dataclass(frozen=True)
class Published:
    """A file of an archive.

    Attributes
    ----------
    rows, bytes : int or None
        Of the table, and about how large the file is; None: not known.
    checksum : str
        ``algorithm:digits``; '': not known.
    """

    rows: int | None = None
    bytes: int | None = None
    checksum: str = ""


@functools.cache
def _all() -> dict[str, Published]:
    rows = resource_rows(resource("archive_files.csv"))
    numbers = {row["file"]: [int(row[name]) if row[name] else None for name in ("rows", "bytes")] for row in rows}
    return {row["file"]: Published(*numbers[row["file"]], row["checksum"]) for row in rows}


def published(source: str) -> Published:
    """What is published of the file that an address ends in, whichever mirror has it, or of a table of VizieR."""
    return _all().get(source) or _all().get(urlsplit(source).path.rpartition("/")[2], Published())


def wanted_as_published(urls: Sequence[str], path: Path, kind: str) -> Wanted:
    """A file to fetch, to be compared with its published checksum where all mirrors have it under one name."""
    told = {published(url).checksum for url in urls}
    return Wanted(urls, path, kind, checksum=told.pop() if len(told) == 1 else "")
