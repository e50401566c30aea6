"""The lock of a queue: only one server writes its decisions."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from mstars.core.errors import InputError


class Lock:
    """An exclusive lock on a file. The operating system releases it when the process ends, however it ends.

    Parameters
    ----------
    path : str or Path
        Lock file.
    holder : dict
        What another process is told: pid, host, address.

    Raises
    ------
    InputError
        When another process holds the lock. The message names that process.
    """

    def __init__(self, path: str | Path, holder: dict):
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = os.read(self._handle, 4096).decode(errors="replace")
            os.close(self._handle)
            raise InputError(_refusal(other)) from None
        os.ftruncate(self._handle, 0)
        os.write(self._handle, json.dumps(holder).encode())

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._handle)


def _refusal(other: str) -> str:
    try:
        holder = json.loads(other)
        where = f" by process {holder['pid']} on {holder['host']} at {holder['address']}"
    except (ValueError, KeyError, TypeError):
        where = ""
    return (
        f"this queue is served already{where}. Several reviewers share one server: open its page, or stop it first. "
        "The server prints its whole address, with the token, when it starts"
    )
