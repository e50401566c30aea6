"""Files written whole or not at all, and what a killed process leaves of them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_HOST = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:40]
_TEMPORARY = re.compile(r"\.[0-9a-f]{8}(?:@([A-Za-z0-9-]+)@(\d+))?\.")
_SILENT_SECONDS = 3600.0  # of a process on another machine, which can't be asked


def temporary_beside(path: str | Path) -> Path:
    """A hidden name beside ``path`` to write under; it tells machine and process, for `leftovers`."""
    path = Path(path)
    # the suffixes stay last, because writers choose a format by them
    return path.with_name(f".{uuid.uuid4().hex[:8]}@{_HOST}@{os.getpid()}.{path.name}")


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that takes its place only if the block ends well.

    Parameters
    ----------
    path : str or Path
        The file (or folder) to be written. Its parent is made when missing.

    Yields
    ------
    Path
        Where to write. On an error the half-written file is removed and ``path`` stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    try:
        yield temporary
        if temporary.is_file():
            with open(temporary, "rb") as handle:
                os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def set_aside(path: str | Path) -> Path:
    """Rename a damaged file or folder to ``{path}.damaged``, so that it is made again; return the new name."""
    aside = Path(f"{path}.damaged")
    if aside.is_dir():  # of an earlier time
        shutil.rmtree(aside)
    return Path(path).replace(aside)


def leftovers(folder: str | Path) -> list[Path]:
    """Temporary files and folders below ``folder`` whose process is there no more, in the order of names.

    A process of this machine is asked for; one of another machine counts as gone after an hour without a change.
    """
    found = []
    for parent, folders, files in os.walk(folder):
        temporary = ((name, match) for name in (*folders, *files) if (match := _TEMPORARY.match(name)))
        found += [Path(parent, name) for name, match in temporary if _is_left(parent, name, match)]
        folders[:] = [name for name in folders if not _TEMPORARY.match(name)]
    return sorted(found)


def _is_left(parent: str, name: str, match: re.Match) -> bool:
    host, process = match.groups()
    if host is None:
        return True
    if host != _HOST:
        try:
            return time.time() - os.stat(os.path.join(parent, name)).st_mtime > _SILENT_SECONDS
        except FileNotFoundError:
            return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def remove_leftovers(folders: Iterable[str | Path]) -> list[Path]:
    """Remove the `leftovers` of each folder; what was removed."""
    removed = []
    for folder in folders:
        for path in leftovers(folder):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            removed.append(path)
    return removed
