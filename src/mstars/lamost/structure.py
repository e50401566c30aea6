"""The structure of a FITS file, checked before anything is made of it: sizes that can't be are found in headers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mstars.lamost.cards import BLOCK, UnusableSpectrum, header_length, split_cards
from mstars.lamost.compression import LARGEST

_MOST_HDUS = 500
_MOST_AXES, _MOST_FIELDS = 8, 999
_BITPIX = (8, 16, 32, 64, -32, -64)


@dataclass(frozen=True)
class Hdu:
    """A header and where its data are: ``get`` gives the value of a keyword, ``size`` is in bytes without padding."""

    get: Callable
    start: int
    size: int


def primary_length(data: bytes) -> int:
    """Bytes of the primary header.

    Raises
    ------
    UnusableSpectrum
        Empty, no FITS file, or a header without an end.
    """
    if data[:9] != b"SIMPLE  =":
        raise UnusableSpectrum("empty file" if not len(data) else "not a FITS file")
    return _length(data, 0)


def _length(data: bytes, start: int) -> int:
    length = header_length(data, start)
    if not length:
        raise UnusableSpectrum("truncated: the FITS header has no END")
    return length


def iter_hdus(data: bytes) -> Iterator[Hdu]:
    """The HDUs of a file, one after the other.

    Raises
    ------
    UnusableSpectrum
        A header whose sizes are no sizes, are too large, or need more bytes than there are.
    """
    primary_length(data)
    start, number = 0, 0
    while data[start : start + 9] == (b"XTENSION=" if number else b"SIMPLE  ="):
        if number == _MOST_HDUS:
            raise UnusableSpectrum(f"damaged FITS file: more than {_MOST_HDUS} HDUs")
        end = start + _length(data, start)
        get = split_cards(bytes(data[start:end]))
        size = _data_size(get)
        if end + size > len(data):
            raise UnusableSpectrum(f"truncated: {max(0, len(data) - end)} of {size} bytes of data")
        yield Hdu(get, end, size)
        start, number = end + -(-size // BLOCK) * BLOCK, number + 1


def whole_number(value, least: int, most: int) -> bool:
    """Whether a card's value is an integer (``T`` is none) within limits."""
    return type(value) is int and least <= value <= most


def _data_size(get: Callable) -> int:
    n_axis = get("NAXIS")
    if not whole_number(n_axis, 0, _MOST_AXES) or get("BITPIX") not in _BITPIX or type(get("BITPIX")) is not int:
        raise UnusableSpectrum(f"damaged FITS file: BITPIX {get('BITPIX')}, NAXIS {n_axis}")
    axes = [get(f"NAXIS{axis}") for axis in range(1, n_axis + 1)]
    more = [get(name) for name in ("PCOUNT", "GCOUNT")]
    parameters, groups = (default if value is None else value for value, default in zip(more, (0, 1), strict=True))
    if not all(whole_number(value, 0, 2**40) for value in (*axes, parameters, groups)):
        raise UnusableSpectrum(f"damaged FITS file: axes {', '.join(map(str, axes))}")
    size = abs(get("BITPIX")) // 8 * groups * (parameters + math.prod(axes)) if axes else 0
    if size > LARGEST:
        raise UnusableSpectrum(f"truncated, or no spectrum: the header tells of {size} bytes of data")
    return size


def check_tables(hdus: list[Hdu]) -> None:
    """Refuse tables and compressed images whose cards contradict each other, before a library believes them.

    Raises
    ------
    UnusableSpectrum
        Too many columns, or an image that unpacks to more than `LARGEST` bytes.
    """
    for hdu in hdus:
        fields = hdu.get("TFIELDS")
        if fields is not None and not whole_number(fields, 0, _MOST_FIELDS):
            raise UnusableSpectrum(f"damaged FITS file: TFIELDS {fields}")
        if hdu.get("ZIMAGE") is True:
            _check_compressed(hdu.get)


def _check_compressed(get: Callable) -> None:
    n_axis = get("ZNAXIS")
    if not whole_number(n_axis, 1, _MOST_AXES) or get("ZBITPIX") not in _BITPIX:
        raise UnusableSpectrum(f"damaged FITS file: ZNAXIS {n_axis}, ZBITPIX {get('ZBITPIX')}")
    axes = [get(f"ZNAXIS{axis}") for axis in range(1, n_axis + 1)]
    tiles = [get(f"ZTILE{axis}") for axis in range(1, n_axis + 1)]
    tiles = [axis if tile is None else tile for axis, tile in zip(axes, tiles, strict=True)]
    if not all(whole_number(value, 1, LARGEST) for value in (*axes, *tiles)):
        raise UnusableSpectrum("damaged FITS file: sizes of a compressed image")
    if 8 * max(math.prod(axes), math.prod(tiles)) > LARGEST:
        raise UnusableSpectrum(f"unpacks to more than {LARGEST >> 20} MB; not a spectrum")
