"""Bytes of files, loose or within a tar archive of a plate.

A release's hundreds of thousands of loose files hurt on a parallel file system: ``{planid}.tar`` serves instead of the
folder ``{planid}``. A file within an archive has the path ``.../{planid}.tar/{member}``. A compressed archive is
unpacked into a temporary file for as long as a process needs it: an uncompressed one is faster.
"""

from __future__ import annotations

import bz2
import functools
import gzip
import lzma
import os
import re
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import BinaryIO

from mstars.lamost.cards import UnusableSpectrum
from mstars.lamost.compression import LARGEST

LARGEST_ARCHIVE = 2**29
"""Bytes that a compressed archive unpacks to at most; a plate's has 0.2 GB."""

ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
"""Endings of archives, in small letters. How one is compressed is seen from its first bytes."""

_OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}

_INSIDE = re.compile(r"(?:\.tar|\.tar\.gz|\.tgz|\.tar\.bz2|\.tbz2|\.tar\.xz|\.txz)/", re.IGNORECASE)
_USUAL_BYTES, _MORE_BYTES = 2**16, 2**22
_ERRORS = (tarfile.TarError, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)


class UnreadableArchive(UnusableSpectrum):
    """An archive that can't be read; the message says why and what to do."""


def is_archive(path: str | Path) -> bool:
    """Whether a path has the ending of an archive."""
    return str(path).lower().endswith(ENDINGS)


def split_path(path: str | Path) -> tuple[str, str]:
    """Archive and member of a path; of a loose file the path itself and ''."""
    path = str(path)
    for inside in _INSIDE.finditer(path):
        archive = path[: inside.end() - 1]
        if not os.path.isdir(archive):  # a folder may be called plate.tar
            return archive, path[inside.end() :]
    return path, ""


def members(archive: str | Path) -> dict[str, tuple[int, int]]:
    """Offset and size of each regular file in an archive, by its name there.

    Raises
    ------
    UnreadableArchive
        The archive is damaged, no tar, or unpacks to more than `LARGEST_ARCHIVE` bytes.
    """
    return _contents(archive)[1]


def _contents(archive: str | Path) -> tuple[BinaryIO, dict[str, tuple[int, int]]]:
    """The plain archive, opened, and its members."""
    try:
        status = os.stat(archive)
        return _opened(str(archive), status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise UnreadableArchive(f"can't be read: {error.strerror or error}") from None


@functools.lru_cache(maxsize=4)
def _opened(archive: str, changed: int, size: int) -> tuple[BinaryIO, dict[str, tuple[int, int]]]:
    try:
        plain = open(archive, "rb")
        first = plain.read(6)
        plain.seek(0)
        if opener := next((opener for magic, opener in _OPENERS.items() if first.startswith(magic)), None):
            plain = _unpacked(archive, opener)
        with tarfile.open(fileobj=plain, mode="r:") as tar:
            regular = (item for item in tar if item.isfile() and not item.sparse)
            return plain, {item.name.removeprefix("./"): (item.offset_data, item.size) for item in regular}
    except _ERRORS as error:
        raise UnreadableArchive(f"not a readable tar archive ({error}); unpack it, or make it anew") from None


def _unpacked(archive: str, opener) -> BinaryIO:
    plain = tempfile.TemporaryFile(prefix="mstars-")
    with opener(archive, "rb") as packed:
        while part := packed.read(_MORE_BYTES):
            plain.write(part)
            if plain.tell() > LARGEST_ARCHIVE:
                raise ValueError(f"unpacks to more than {LARGEST_ARCHIVE >> 20} MB")
    plain.seek(0)
    return plain


def read_bytes(path: str | Path, at_most: int = -1) -> bytes:
    """The bytes of a file as stored, or the first ``at_most`` of them.

    Raises
    ------
    UnusableSpectrum
        No such file or archive member, it can't be read, or it is too large for a spectrum.
    """
    archive, member = split_path(path)
    try:
        if member:
            return _member_bytes(archive, member, at_most)
        handle = os.open(archive, os.O_RDONLY | os.O_NONBLOCK)  # a third of the time of open(); a pipe does not block
        try:
            return os.read(handle, at_most) if at_most >= 0 else _all_bytes(handle)
        finally:
            os.close(handle)
    except FileNotFoundError:
        raise UnusableSpectrum("no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        raise UnusableSpectrum(f"can't be read: {getattr(error, 'strerror', None) or error}") from None


def _all_bytes(handle: int) -> bytes:
    """The whole file: nearly every one fits in a first read, which spares asking for its size and for its end."""
    data = os.read(handle, _USUAL_BYTES)
    if len(data) < _USUAL_BYTES:
        return data
    parts, total = [data], len(data)
    while more := os.read(handle, _MORE_BYTES):
        parts.append(more)
        total += len(more)
        if total > LARGEST:
            raise UnusableSpectrum(f"larger than {LARGEST >> 20} MB; not a spectrum")
    return b"".join(parts)


def _member_bytes(archive: str, member: str, at_most: int) -> bytes:
    if not os.path.exists(archive):
        raise UnusableSpectrum("no such file")
    plain, known = _contents(archive)
    if member not in known:
        raise UnusableSpectrum("no such file in the archive")
    offset, size = known[member]
    if at_most < 0 and size > LARGEST:
        raise UnusableSpectrum(f"larger than {LARGEST >> 20} MB; not a spectrum")
    data = os.pread(plain.fileno(), size if at_most < 0 else min(size, at_most), offset)
    if at_most < 0 and len(data) < size:
        raise UnusableSpectrum("truncated archive")
    return data


def file_status(path: str | Path) -> str:
    """Size and time of the last change of a file, or of the archive that it is in; '' where there is none."""
    try:
        status = os.stat(split_path(path)[0])
    except OSError:
        return ""
    return f"{status.st_size}\0{status.st_mtime_ns}"


def listing(folder: str | Path) -> tuple[dict[str, str], str]:
    """Path of each file of a folder by name; where there is no such folder, of an archive of its name.

    Returns
    -------
    files : dict of str to str
        Empty where there is neither.
    why : str
        Why the folder or archive can't be read, '' where it can.
    """
    try:
        if os.path.isdir(folder):
            return {name: os.path.normpath(os.path.join(folder, name)) for name in os.listdir(folder)}, ""
    except OSError as error:
        return {}, f"{folder} can't be read: {error.strerror}"
    for ending in ENDINGS:
        archive = os.path.normpath(folder) + ending
        if not os.path.isfile(archive):
            continue
        try:
            return {os.path.basename(member): os.path.join(archive, member) for member in members(archive)}, ""
        except UnreadableArchive as error:
            return {}, f"{archive}: {error}"
    return {}, ""
