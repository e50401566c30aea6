"""Bytes of files, loose or within an uncompressed tar archive of a plate.

A release's hundreds of thousands of loose files hurt on a parallel file system: ``{planid}.tar`` serves instead of the
folder ``{planid}``. A file within an archive has the path ``.../{planid}.tar/{member}``.
"""

from __future__ import annotations

import functools
import os
import tarfile
from pathlib import Path

from mstars.core.errors import InputError
from mstars.lamost.cards import UnusableSpectrum

_TAR = ".tar"
_USUAL_BYTES, _MORE_BYTES = 2**16, 2**22


def split_path(path: str | Path) -> tuple[str, str]:
    """Archive and member of a path; of a loose file the path itself and ''."""
    archive, mark, member = str(path).partition(_TAR + os.sep)
    return (archive + _TAR, member) if mark else (archive, "")


def members(archive: str | Path) -> dict[str, tuple[int, int]]:
    """Offset and size of each regular file in an archive, by its name there.

    Raises
    ------
    InputError
        The archive can't be read as an uncompressed tar.
    """
    try:
        changed = os.stat(archive).st_mtime_ns
    except OSError as error:
        raise InputError(f"{archive}: {error.strerror}") from None
    return _members(str(archive), changed)


@functools.lru_cache(maxsize=16)
def _members(archive: str, changed: int) -> dict[str, tuple[int, int]]:
    try:
        with tarfile.open(archive, "r:") as tar:
            return {item.name.removeprefix("./"): (item.offset_data, item.size) for item in tar if item.isfile()}
    except (tarfile.TarError, OSError) as error:
        raise InputError(f"{archive}: not an uncompressed tar archive ({error}); unpack it, or make it anew") from None


def read_bytes(path: str | Path, at_most: int = -1) -> bytes:
    """The bytes of a file as stored, or the first ``at_most`` of them.

    Raises
    ------
    UnusableSpectrum
        No such file or archive member, or it can't be read.
    """
    archive, member = split_path(path)
    try:
        handle = os.open(archive, os.O_RDONLY)  # a third of the time of open()
        try:
            if not member:
                return os.read(handle, at_most) if at_most >= 0 else _all_bytes(handle)
            return _member_bytes(handle, archive, member, at_most)
        finally:
            os.close(handle)
    except FileNotFoundError:
        raise UnusableSpectrum("no such file") from None
    except OSError as error:
        raise UnusableSpectrum(f"can't be read: {error.strerror or error}") from None


def _all_bytes(handle: int) -> bytes:
    """The whole file: nearly every one fits in a first read, which spares asking for its size and for its end."""
    data = os.read(handle, _USUAL_BYTES)
    while len(data) >= _USUAL_BYTES and (more := os.read(handle, _MORE_BYTES)):
        data += more
    return data


def _member_bytes(handle: int, archive: str, member: str, at_most: int) -> bytes:
    try:
        found = members(archive).get(member)
    except InputError as error:
        raise UnusableSpectrum(str(error)) from None
    if found is None:
        raise UnusableSpectrum("no such file in the archive")
    offset, size = found
    data = os.pread(handle, size if at_most < 0 else min(size, at_most), offset)
    if at_most < 0 and len(data) < size:
        raise UnusableSpectrum("truncated archive")
    return data


def file_status(path: str | Path) -> os.stat_result:
    """Status of a file, or of the archive that it is in."""
    return os.stat(split_path(path)[0])


def listing(folder: str | Path) -> dict[str, str]:
    """Path of each file of a folder, by name; where there is no such folder, of the archive ``{folder}.tar``.

    Empty where there is neither.
    """
    if os.path.isdir(folder):
        return {name: os.path.normpath(os.path.join(folder, name)) for name in os.listdir(folder)}
    archive = os.path.normpath(folder) + _TAR
    if not os.path.isfile(archive):
        return {}
    return {os.path.basename(member): os.path.join(archive, member) for member in members(archive)}
