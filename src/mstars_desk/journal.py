"""Decisions on disk: appended to the reviewer's file and synced before anyone is told that they are saved."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import re
import threading
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mstars.core.errors import InputError
from mstars.review.decisions import COLUMNS

_NAME = re.compile(r"\w[\w .-]{0,39}")
_HEADER = ",".join(COLUMNS) + "\n"
MAX_COMMENT = 500


def reviewer_name(text: str) -> str:
    """A reviewer's name as it is written: letters, digits, blanks, dots, hyphens; at most 40.

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
    """A comment on one line, without control characters, at most `MAX_COMMENT` long."""
    letters = "".join(letter if letter.isprintable() else " " for letter in str(text))
    return " ".join(letters.split())[:MAX_COMMENT]


class Journal:
    """Decision files of a queue, one a reviewer.

    Parameters
    ----------
    folder : str or Path
        ``review/{survey}/{queue}``; made when missing.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._guard = threading.Lock()
        self._last = datetime.min.replace(tzinfo=UTC)
        self._whole: set[Path] = set()

    def path(self, reviewer: str) -> Path:
        """The reviewer's file; beside one of the same name with other columns, a second one."""
        plain = re.sub(r"[ .]+", "_", reviewer_name(reviewer))
        path = self.folder / f"{plain}.csv"
        return path if _is_ours(path) else self.folder / f"{plain}-desk.csv"

    def times(self, count: int, after: datetime | None = None) -> list[str]:
        """Times of ``count`` new rows, ISO 8601 in UTC, each later than any before (and than ``after``)."""
        with self._guard:
            start = max(datetime.now(UTC), self._last + timedelta(microseconds=1))
            if after is not None:
                start = max(start, after + timedelta(microseconds=1))
            moments = [start + timedelta(microseconds=k) for k in range(count)]
            self._last = moments[-1] if moments else self._last
        return [moment.isoformat(timespec="microseconds").replace("+00:00", "Z") for moment in moments]

    def append(self, path: Path, rows: Sequence[dict]) -> None:
        """Append rows with the columns `COLUMNS`; they are on the disk when this returns.

        Raises
        ------
        OSError
            When they could not be written whole; the file is as it was before.
        """
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        for row in rows:
            writer.writerow({name: row.get(name, "") for name in COLUMNS})
        with self._guard:
            if path not in self._whole:
                _mend(path)
                self._whole.add(path)
            append_synced(path, text.getvalue().encode())


def append_synced(path: Path, data: bytes) -> None:
    """Append bytes and sync them to the disk; on an error the file keeps its old length."""
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


def _is_ours(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size == 0:
        return True
    with open(path, "rb") as file:
        return file.readline().rstrip(b"\r\n") == _HEADER.strip().encode()


def _mend(path: Path) -> None:
    """Give a file its header, and cut off a row that a kill left unfinished (no one was told that it was saved)."""
    if not path.is_file() or path.stat().st_size == 0:
        append_synced(path, _HEADER.encode())
        _sync_folder(path.parent)
        return
    data = path.read_bytes()
    if data.endswith(b"\n"):
        return
    start = data.rfind(b"\n") + 1
    fields = next(csv.reader([data[start:].decode(errors="replace")]), [])
    if len(fields) == len(COLUMNS):  # a whole row, written by hand without an end
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


class Lock:
    """Only one server works on a queue's decisions; the lock goes with the process, however it ends.

    Parameters
    ----------
    path : str or Path
        Lock file.
    said : dict
        What another server is told: pid, host, address.

    Raises
    ------
    InputError
        When another process holds it: which, and what to do.
    """

    def __init__(self, path: str | Path, said: dict):
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held = os.read(self._handle, 4096).decode(errors="replace")
            os.close(self._handle)
            raise InputError(_who(held)) from None
        os.ftruncate(self._handle, 0)
        os.write(self._handle, json.dumps(said).encode())

    def release(self) -> None:
        """Let another process in."""
        os.close(self._handle)


def _who(held: str) -> str:
    try:
        said = json.loads(held)
        where = f" by process {said['pid']} on {said['host']} at {said['address']}"
    except (ValueError, KeyError, TypeError):
        where = ""
    return (
        f"this queue is served already{where}: several reviewers share one server, so open its page, or stop it first "
        "(it prints the whole address, with the token, when it starts)"
    )
