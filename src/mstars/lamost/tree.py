"""The files of a folder or pattern: each real file once, in bounded time, and why others can't be looked at."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import os
import re
import stat
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from mstars.core.errors import InputError
from mstars.lamost import archive
from mstars.lamost.names import SPECTRUM_NAME

_UNREAD = re.compile(r"\.(?:zip|7z|rar)$", re.IGNORECASE)
_UNFINISHED = re.compile(r"\.(?:part|partial|tmp|crdownload|aria2|filepart)$", re.IGNORECASE)
_MAGIC = re.compile(r"[*?\[]")


@dataclass
class Tree:
    """What a folder or pattern holds.

    Attributes
    ----------
    files : list of str
        Paths of the files to look at, sorted; members of archives as ``archive/member``.
    refused : dict of str to str
        Paths that can't be looked at, and why.
    others : dict of str to int
        Files of other kinds, which are not looked at, counted by their endings.
    """

    files: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    others: Counter = field(default_factory=Counter)


def read_tree(pattern: str) -> Tree:
    """Look through a folder (to the bottom), a glob pattern, or one file.

    A link is followed; a file or folder that it leads to is counted once, however many ways lead there.

    Raises
    ------
    InputError
        No such folder, or nothing fits the pattern.
    """
    if not pattern:
        raise InputError("files.spectra: not set; give a folder or a glob pattern of LAMOST FITS files")
    tree = Tree()
    chosen = os.path.isdir(os.path.expanduser(str(pattern)))
    for path in _paths(pattern, tree):
        _sort_in(path, tree, asked_for=not chosen)
    if not tree.files and not tree.refused:
        what = "no .fits or .fits.gz file in this folder" if chosen else "no such folder, no file fits"
        raise InputError(f"files.spectra: {str(pattern)!r}: {what}")
    tree.files.sort()
    return tree


def _paths(pattern: str, tree: Tree) -> Iterator[str]:
    pattern = os.path.expanduser(str(pattern))
    if os.path.isdir(pattern):
        return (path for path, _ in _walk(pattern, tree.refused))
    if "**" not in pattern:
        return iter(_once(path for path in sorted(glob.glob(pattern)) if os.path.isfile(path)))
    parts = pattern.split(os.sep)
    fixed = next(number for number, part in enumerate(parts) if _MAGIC.search(part))
    top = os.sep.join(parts[:fixed]) or (os.sep if pattern.startswith(os.sep) else ".")
    found = (path for path, _ in _walk(top, tree.refused))
    return (path for path in found if _fits(os.path.relpath(path, top).split(os.sep), parts[fixed:]))


def _once(paths: Iterator[str]) -> list[str]:
    """The first path of each real file."""
    real: dict[str, str] = {}
    for path in paths:
        real.setdefault(os.path.realpath(path), path)
    return list(real.values())


def _fits(names: list[str], pattern: list[str]) -> bool:
    """Whether the parts of a path fit those of a pattern, ``**`` standing for any number of folders."""
    if not pattern:
        return not names
    if pattern[0] == "**":
        if len(pattern) == 1:
            return not any(name.startswith(".") for name in names)
        return _fits(names, pattern[1:]) or bool(names and names[0][0] != "." and _fits(names[1:], pattern))
    hidden = names and names[0].startswith(".") and not pattern[0].startswith(".")
    return bool(names and not hidden and fnmatch.fnmatch(names[0], pattern[0]) and _fits(names[1:], pattern[1:]))


def _walk(top: str, refused: dict[str, str]) -> Iterator[tuple[str, os.stat_result]]:
    """Files below a folder with their status. Links come last, so that a file has its own name where it has one."""
    folders, links, linked_files, seen = deque([top]), deque(), {}, set()
    while folders or links:
        if not folders:
            path = links.popleft()
            try:
                status = os.stat(path)
            except OSError as error:
                refused[path] = f"dangling link to {os.readlink(path)} ({error.strerror})"
                continue
            if stat.S_ISDIR(status.st_mode):
                folders.append(path)
            else:
                linked_files.setdefault(os.path.realpath(path), (path, status))
            continue
        folder = folders.popleft()
        try:
            if not _is_new(folder, seen):
                continue
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            refused[folder] = f"folder can't be read: {error.strerror}"
            continue
        for entry in entries:
            if entry.is_symlink():
                links.append(entry.path)
            elif entry.is_dir():
                folders.append(entry.path)
            elif status := _status(entry, refused):
                yield entry.path, status
    for real, found in linked_files.items():
        if _is_new(os.path.dirname(real), seen, remember=False):  # else it was met under its own name
            yield found


def _is_new(folder: str, seen: set[tuple[int, int]], *, remember: bool = True) -> bool:
    """Whether a folder is none of those seen, by its number on the disk."""
    status = os.stat(folder)
    number = (status.st_dev, status.st_ino)
    if number in seen:
        return False
    if remember:
        seen.add(number)
    return True


def _status(entry: os.DirEntry, refused: dict[str, str]) -> os.stat_result | None:
    try:
        return entry.stat()
    except OSError as error:  # removed meanwhile
        refused[entry.path] = f"can't be read: {error.strerror}"
        return None


def _sort_in(path: str, tree: Tree, *, asked_for: bool) -> None:
    """Put a path where it belongs in a tree."""
    name = os.path.basename(path)
    if not asked_for and not _is_spectrum(name):
        tree.others[os.path.splitext(name)[1].lower() or "no ending"] += 1
    elif reason := name_problem(path):
        tree.refused[path] = reason
    elif not os.path.isfile(path):
        tree.refused[path] = "not a regular file"
    elif archive.is_archive(name):
        _add_members(path, tree)
    else:
        tree.files.append(path)


def _is_spectrum(name: str) -> bool:
    return bool(SPECTRUM_NAME.search(name) or archive.is_archive(name) or _UNREAD.search(name))


def name_problem(path: str) -> str:
    """Why a path can't be looked at by its name, '' where it can."""
    name = os.path.basename(path)
    if not (name.isascii() and name.isprintable()):
        return "file name is not of printable ASCII characters; rename it"
    if not _encodes(path):
        return "the name of a folder above is not UTF-8; rename it"
    if _UNFINISHED.search(name):
        return "an unfinished download, by its name"
    if found := _UNREAD.search(name):
        return f"a {found[0][1:].lower()} archive, which is not read; unpack it, or make it a .tar"
    return ""


def _encodes(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _add_members(path: str, tree: Tree) -> None:
    try:
        names = archive.members(path)
    except archive.UnreadableArchive as error:
        tree.refused[path] = str(error)
        return
    for name in names:
        inner = os.path.join(path, name)
        if not _is_spectrum(os.path.basename(name)):
            tree.others[os.path.splitext(name)[1].lower() or "no ending"] += 1
        elif archive.is_archive(name):
            tree.refused[inner] = "an archive in an archive, which is not read; unpack it"
        elif reason := name_problem(inner):
            tree.refused[inner] = reason
        else:
            tree.files.append(inner)


def shown_path(path: str) -> str:
    """A path as text that any table can hold: what is not UTF-8 is escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def files_digest(pattern: str) -> str:
    """Hash of the names, sizes and times of the spectra and archives of a folder or a glob pattern.

    A new, a replaced and a removed file change it. No file is opened.

    Raises
    ------
    InputError
        Nothing there.
    """
    top = os.path.expanduser(str(pattern or ""))
    refused: dict[str, str] = {}
    if os.path.isdir(top):
        found = (item for item in _walk(top, refused) if _is_spectrum(os.path.basename(item[0])))
    else:
        found = ((path, os.stat(path)) for path in (_paths(top, Tree()) if top else ()))
    rows = [os.fsencode(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n") for path, status in found]
    rows += [os.fsencode(f"{path}\0{reason}\n") for path, reason in refused.items()]
    if not rows:
        read_tree(pattern)  # says what is wrong
    hashed = hashlib.sha256()
    for row in sorted(rows):
        hashed.update(row)
    return hashed.hexdigest()[:16]
