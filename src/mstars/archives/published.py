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
    bytes : int or None
        About how large it is; None: not known.
    checksum : str
        ``algorithm:digits``; '': not known.
    """

    bytes: int | None = None
    checksum: str = ""


@functools.cache
def _all() -> dict[str, Published]:
    rows = resource_rows(resource("archive_files.csv"))
    return {row["file"]: Published(int(row["bytes"]) if row["bytes"] else None, row["checksum"]) for row in rows}


def published(source: str) -> Published:
    """What is published of the file that an address ends in, whichever mirror has it, or of a table of VizieR."""
    return _all().get(source) or _all().get(urlsplit(source).path.rpartition("/")[2], Published())


def wanted_as_published(urls: Sequence[str], path: Path, kind: str) -> Wanted:
    """A file to fetch, to be compared with its published checksum where all mirrors have it under one name."""
    told = {published(url).checksum for url in urls}
    return Wanted(urls, path, kind, checksum=told.pop() if len(told) == 1 else "")
