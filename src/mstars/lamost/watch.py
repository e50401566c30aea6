"""Has a release's tree changed since it was planned? Folders by their times, planned files by size and time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from mstars.core.errors import InputError
from mstars.files.json_files import read_json
from mstars.lamost import archive

_DEPTH = 3
_AT_ONCE, _CHUNK = 16, 2000


def release_digest(root: str | Path, paths: Iterable[str]) -> str:
    """Hash of the times of a tree's folders, of its archives, and of size and time of some of its files.

    A file that arrives, is removed or renamed changes the time of its folder; one that is written anew in place its own
    time. A release holds ten times the files that a plan names: no other is looked at.

    Parameters
    ----------
    root : str or Path
        The tree: ``{obsdate}/{planid}`` folders, or fewer levels.
    paths : iterable of str
        Files and members of archives.
    """
    hashed = hashlib.sha256()
    for row in _folders(os.path.expanduser(str(root))):
        hashed.update(os.fsencode(row))
    files = sorted({archive.split_path(path)[0] if ".t" in path.lower() else path for path in paths if path})
    chunks = [files[start : start + _CHUNK] for start in range(0, len(files), _CHUNK)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # a network's file system answers many at once
        for rows in pool.map(_status_of, chunks):
            hashed.update(rows)
    return hashed.hexdigest()[:16]


def _status_of(files: list[str]) -> bytes:
    rows = []
    for path in files:
        try:
            status = os.stat(path)
            rows.append(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n")
        except OSError:
            rows.append(f"{path}\0\n")
    return os.fsencode("".join(rows))


def _folders(root: str) -> list[str]:
    rows, seen, level = [], set(), [root]
    for depth in range(_DEPTH):
        below = []
        for folder in level:
            try:
                status = os.stat(folder)
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                rows.append(f"{folder}\0{status.st_mtime_ns}\n")
                if depth + 1 < _DEPTH:
                    below += _below(folder, rows)
            except OSError as error:
                rows.append(f"{folder}\0{error.strerror}\n")
        level = below
    return sorted(rows)


def _below(folder: str, rows: list[str]) -> list[str]:
    """Folders in a folder; the status of archives goes to ``rows``."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                found.append(entry.path)
            elif archive.is_archive(entry.name):
                rows.append(f"{entry.path}\0{archive.file_status(entry.path)}\n")
    return found


def planned_paths(plan: str | Path, rejected: str | Path) -> list[str]:
    """Paths of the files that a plan names, those that it rejected among them."""
    return [path for table in (plan, rejected) for path in pd.read_parquet(table, columns=["path"])["path"]]


def state_of_release(root: str | Path, folder: str | Path, watch: str) -> str:
    """A text that changes when a release must be planned anew.

    Parameters
    ----------
    root : str or Path
        The tree.
    folder : str or Path
        Where ``plan.parquet``, ``rejected.parquet`` and ``watched.json`` of the last plan are, if there are any.
        ``watched.json`` has the ``digest`` after that plan and the ``state`` before it.
    watch : str
        ``files`` or ``folders``: whether planned files are looked at too.
    """
    folder = Path(folder)
    try:
        watched = read_json(folder / "watched.json")
        files = planned_paths(folder / "plan.parquet", folder / "rejected.parquet") if watch == "files" else []
        now = release_digest(root, files)
    except (InputError, OSError, ValueError):  # nothing planned yet, or a damaged plan
        return "not planned yet"
    return watched["state"] if watched["digest"] == now else now


def watched_after(source: Mapping, paths: Iterable[str]) -> dict[str, str]:
    """What ``watched.json`` holds after a plan.

    Parameters
    ----------
    source : mapping
        As the rule ``plan`` was given it: ``release``, ``watch``, ``state``.
    paths : iterable of str
        Of the files that the plan names or rejected.
    """
    files = paths if source["watch"] == "files" else []
    return {"digest": release_digest(source["release"]["spectra"], files), "state": source["state"]}
