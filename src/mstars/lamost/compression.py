"""Compressed bytes made plain: gzip of one or several members, bzip2 and xz, recognised by their first bytes."""

from __future__ import annotations

import bz2
import lzma
import zlib

import deflate

from mstars.lamost.cards import UnusableSpectrum

LARGEST = 2**26
"""Bytes that a file of a spectrum has at most, plain; LAMOST's have 0.1 to 2 MB. A larger one is not read."""

_GZIP, _BZIP2, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"
_USUAL_BYTES = 2**22
_STEP = 2**20
_ERRORS = (EOFError, OSError, zlib.error, lzma.LZMAError, ValueError)
_UNREAD = {b"PK\x03\x04": "zip", b"\x1f\x9d": "compress (.Z)", b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf": "7z"}
_DEPTH = 2


def decompress(data: bytes, at_most: int = LARGEST) -> bytes | bytearray:
    """Plain bytes of compressed ones; others pass unchanged.

    Parameters
    ----------
    data : bytes
        gzip (any number of members, zeros after the last one ignored, checksums tested), bzip2 or xz, once or twice.
    at_most : int, optional
        More bytes than this are refused, so that a small file can't fill the memory.

    Raises
    ------
    UnusableSpectrum
        Truncated, damaged, too large, or compressed in a way that is not understood.
    """
    for _ in range(_DEPTH):
        if data[:2] == _GZIP:
            data = _gunzip(data, at_most)
        elif data[:3] == _BZIP2:
            data = _stream(data, bz2.BZ2Decompressor, "bzip2", at_most)
        elif data[:6] == _XZ:
            data = _stream(data, lambda: lzma.LZMADecompressor(memlimit=at_most * 4), "xz", at_most)
        else:
            break
    for magic, name in _UNREAD.items():
        if data[: len(magic)] == magic:
            raise UnusableSpectrum(f"compressed by {name}, which is not read; unpack it")
    if data[:2] == _GZIP or data[:3] == _BZIP2 or data[:6] == _XZ:
        raise UnusableSpectrum("compressed more than twice; unpack it")
    return data


def beginning(data: bytes, wanted: int) -> bytes:
    """The first bytes of a file of which the beginning is given: inflated if it is gzip, else as they are.

    Raises
    ------
    UnusableSpectrum
        Damaged gzip.
    """
    if data[:2] != _GZIP:
        return data
    try:
        return zlib.decompressobj(wbits=31).decompress(data, wanted)
    except _ERRORS:
        raise UnusableSpectrum("truncated or damaged gzip") from None


def is_compressed(data: bytes) -> bool:
    """Whether the bytes begin as those of a compressed file do."""
    return data.startswith((_GZIP, _BZIP2, _XZ, *_UNREAD))


def _gunzip(data: bytes, at_most: int) -> bytes | bytearray:
    # the last eight bytes tell checksum and length: one member alone fills a buffer of that size in one go
    checksum, length = (int.from_bytes(data[at : at + 4], "little") for at in (len(data) - 8, len(data) - 4))
    if 0 < length <= min(_USUAL_BYTES, at_most):
        try:
            plain = deflate.gzip_decompress(data, length)
        except (deflate.DeflateError, ValueError):
            pass  # damaged, or zeros at the end
        else:
            # else there are more members; two with the same content pass for one, whose spectrum is the same
            if deflate.crc32(plain) == checksum:
                return plain
    return _stream(data, lambda: zlib.decompressobj(wbits=31), "gzip", at_most)


def _stream(data: bytes, new, name: str, at_most: int) -> bytes:
    """Member by member, step by step."""
    parts, total = [], 0
    try:
        while data:
            member = new()
            while not member.eof:
                part = member.decompress(data, _STEP)
                data = getattr(member, "unconsumed_tail", b"")
                total += len(part)
                parts.append(part)
                if total > at_most:
                    raise UnusableSpectrum(f"unpacks to more than {at_most >> 20} MB; not a spectrum")
                if not part and not data and not member.eof:
                    raise EOFError
            data = member.unused_data.lstrip(b"\0")
    except _ERRORS:
        raise UnusableSpectrum(f"truncated or damaged {name}") from None
    return b"".join(parts)
