"""Files of decisions: a row is appended and synced to the disk before the reviewer is told that it is saved."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mstars.core.errors import InputError
from mstars.files.hostile import without_formula
from mstars.review.decisions import DECISION_COLUMNS, decision_files

_NAME = re.compile(r"\w[\w .-]{0,39}")
_HEADER = ",".join(DECISION_COLUMNS) + "\n"

MAX_COMMENT = 500
"""Longest comment, characters."""


def reviewer_name(text: str) -> str:
    """A reviewer's name, checked: letters, digits, blanks, dots and hyphens, at most 40 of them.

    Raises
    ------
    InputError
        For any other name.
    """
    name = unicodedata.normalize("NFC", str(text)).strip()
    if not _NAME.fullmatch(name):
        raise InputError(f"reviewer {text!r}: a name has letters, digits, blanks, dots or hyphens, at most 40 of them")
    return name


def plain_comment(text: str) -> str:
    """A comment on one line, without control characters, cut at `MAX_COMMENT` characters."""
    letters = "".join(letter if letter.isprintable() else " " for letter in str(text))
    return without_formula(" ".join(letters.split())[:MAX_COMMENT])


class Journal:
    """Decision files of a queue, one a reviewer.

    Parameters
    ----------
    folder : str or Path
        ``review/{survey}/{queue}``. It is made when missing.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._guard = threading.Lock()
        self._last = datetime.min.replace(tzinfo=UTC)

    def files(self) -> list[Path]:
        """All decision files of the queue, sorted by name."""
        return decision_files(self.folder)

    def path(self, reviewer: str) -> Path:
        """The reviewer's file. Where a file of that name has other columns, it is a second one beside it."""
        plain = re.sub(r"[ .]+", "_", reviewer_name(reviewer))
        path = self.folder / f"{plain}.csv"
        return path if _has_our_columns(path) else self.folder / f"{plain}-desk.csv"

    def times(self, count: int, after: datetime | None = None) -> list[str]:
        """Times for ``count`` new rows, ISO 8601 in UTC. Each is later than all given before and than ``after``."""
        with self._guard:
            start = max(datetime.now(UTC), self._last + timedelta(microseconds=1))
            if after is not None:
                start = max(start, after + timedelta(microseconds=1))
            moments = [start + timedelta(microseconds=k) for k in range(count)]
            self._last = moments[-1] if moments else self._last
        return [moment.isoformat(timespec="microseconds").replace("+00:00", "Z") for moment in moments]

    def append(self, path: Path, rows: Sequence[dict]) -> None:
        """Append rows with the columns `DECISION_COLUMNS`. They are on the disk when this returns.

        Raises
        ------
        OSError
            When the rows could not be written whole. The file is then as it was before.
        """
        text = io.StringIO()
        writer = csv.DictWriter(text, DECISION_COLUMNS, lineterminator="\n")
        for row in rows:
            writer.writerow({name: row.get(name, "") for name in DECISION_COLUMNS})
        with self._guard:
            _repair(path)  # each time: people edit the file while this runs
            append_synced(path, text.getvalue().encode())


class EventLog:
    """How spectra came before their reviewers: one JSON object a line.

    Parameters
    ----------
    path : str or Path
        ``review/{survey}/{queue}/desk/events.jsonl``.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def append(self, events: Sequence[dict]) -> None:
        """Append events. They are on the disk when this returns."""
        append_synced(self.path, "".join(json.dumps(event) + "\n" for event in events).encode())

    def read(self) -> Iterator[dict]:
        """All events in the order they were written. A line that a kill left unfinished is passed over."""
        for line in self.path.read_text().splitlines() if self.path.is_file() else []:
            try:
                yield json.loads(line)
            except ValueError:
                continue


def append_synced(path: Path, data: bytes) -> None:
    """Append bytes and sync them to the disk. On an error the file keeps its old length.

    Raises
    ------
    OSError
        When the bytes could not be written whole.
    """
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        before = os.fstat(handle).st_size
        try:
            if os.write(handle, data) != len(data):
                raise OSError(f"{path}: could not be written whole; is the disk full?")
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, before)
            raise
    finally:
        os.close(handle)


def _has_our_columns(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size == 0:
        return True
    with open(path, "rb") as file:
        return file.readline().rstrip(b"\r\n") == _HEADER.strip().encode()


def _repair(path: Path) -> None:
    """Give an empty file its header. Cut off a row that a kill left unfinished: no one was told that it was saved."""
    if not path.is_file() or path.stat().st_size == 0:
        append_synced(path, _HEADER.encode())
        _sync_folder(path.parent)
        return
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        if file.read() == b"\n":
            return
    data = path.read_bytes()
    start = data.rfind(b"\n") + 1
    fields = next(csv.reader([data[start:].decode(errors="replace")]), [])
    if len(fields) == len(DECISION_COLUMNS):  # a whole row that someone wrote by hand; only its line end is missing
        append_synced(path, b"\n")
        return
    with open(path, "r+b") as file:
        file.truncate(start)
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
