"""What was fetched: URL, time, size and sha256 of each file, as JSON beside it."""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mstars.files.json_files import read_json, write_json


@dataclass(frozen=True)
class Record:
    """One file.

    Attributes
    ----------
    path : str
        Where it is.
    url : str
        Where it came from, without a token.
    date : str
        When it was whole, UTC.
    bytes : int
    sha256 : str
    rows : int or None
        Of a table that was asked for by a query.
    """

    path: str
    url: str
    date: str
    bytes: int
    sha256: str
    rows: int | None = None


@dataclass
class Manifest:
    """The files of a job, and what the archive does not have (with the reason)."""

    files: list[Record] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)

    def write(self, path: str | Path) -> None:
        """Write the manifest as JSON."""
        write_json({"files": [asdict(one) for one in self.files], "absent": self.absent}, path)


def record_of(path: str | Path, url: str, rows: int | None = None) -> Record:
    """The record of a file that is there; its date is that of its last change."""
    status = os.stat(path)
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    date = datetime.datetime.fromtimestamp(int(status.st_mtime), datetime.UTC).isoformat()
    return Record(str(path), url, date, status.st_size, digest.hexdigest(), rows)


def joined_manifest(paths: Iterable[str | Path]) -> Manifest:
    """One manifest of the files of several."""
    return Manifest([Record(**record) for path in paths for record in read_json(path)["files"]])
