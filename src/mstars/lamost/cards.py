"""FITS headers read straight from bytes: the few cards a LAMOST spectrum needs, without HDU objects."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable

import numpy as np

from mstars.files.identifiers import EXACT_IN_FLOAT, LARGEST_INT64

BLOCK = 2880
MOST_CARDS = 36_000
"""Cards of a header that are read at most; LAMOST's have some 200."""

_END = b"END" + b" " * 77

_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([EeDd][+-]?\d+)?")
_UNPRINTABLE = re.compile(r"[^ -~]")
_TRUE = frozenset(("t", "true", "y", "yes", "1"))
_FALSE = frozenset(("f", "false", "n", "no", "0"))


class UnusableSpectrum(Exception):
    """A file that can't become a spectrum; the message is the reason that its `rejected` row gives."""


def header_length(data: bytes, start: int = 0) -> int:
    """Bytes from ``start`` to the end of the header's last block; 0 when its END card is not in ``data``."""
    limit = start + 80 * MOST_CARDS
    end = data.find(_END, start, limit)
    while end >= 0 and (end - start) % 80:
        end = data.find(_END, end + 1, limit)
    return 0 if end < 0 else -(-(end + 80 - start) // BLOCK) * BLOCK


def split_cards(header: bytes) -> Callable[[str], str | bool | int | float | None]:
    """Values of a header's cards: a function of the keyword that parses only what is asked for.

    Of a repeated keyword the first is given, as astropy does; None where it is missing, blank or unreadable.
    """
    start = _starts(np.frombuffer(header, np.uint64, count=len(header) // 80 * 10)[::10].tobytes())

    def get(keyword: str):
        at = start.get(keyword)
        return None if at is None else _card_value(header[at : at + 72])

    return get


@functools.lru_cache(maxsize=256)
def _starts(names: bytes) -> dict[str, int]:
    """Where the values begin, by keyword; the files of a plate have the same keywords in the same order."""
    keywords = [names[at : at + 8].decode("ascii", "replace").rstrip(" ") for at in range(0, len(names), 8)]
    # from the last to the first, so that the first of a repeated keyword stays
    return {keyword: 80 * number + 8 for number, keyword in reversed(list(enumerate(keywords)))}


@functools.lru_cache(maxsize=512)  # half of a file's cards are those of the files before it
def _card_value(raw: bytes) -> str | bool | int | float | None:
    if raw[:1] != b"=":
        return None
    raw = raw[1:].lstrip()
    if raw[:1] == b"'":
        return _quoted(raw.decode("ascii", "replace"))
    raw = raw.partition(b"/")[0].rstrip()
    if raw in (b"T", b"F"):
        return raw == b"T"
    if not _NUMBER.fullmatch(raw):  # as 1_000, nan or inf, which Python takes for numbers and FITS does not
        return None
    if raw.lstrip(b"+-").isdigit():
        return int(raw)
    return float(raw.replace(b"D", b"E").replace(b"d", b"e"))


def _quoted(text: str) -> str:
    end = text.find("'", 1)
    if text[end + 1 : end + 2] != "'":
        return text[1 : end if end >= 0 else None].rstrip()
    while end >= 0 and text[end + 1 : end + 2] == "'":
        end = text.find("'", end + 2)
    return text[1 : end if end >= 0 else None].replace("''", "'").rstrip()


def number(value) -> float:
    """A card's value as a number; NaN where it is missing or none. Text is read too: D exponents, decimal commas."""
    if type(value) is float:
        return value
    if isinstance(value, bool):
        return math.nan
    if isinstance(value, str):
        value = value.strip().upper().replace("D", "E")
        value = value.replace(",", ".") if value.count(",") == 1 and "." not in value else value
        if not _NUMBER.fullmatch(value.encode("ascii", "replace")):
            return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def integer(value) -> int | None:
    """A card's value as an integer that 64 bits hold; None for anything else."""
    if type(value) is not int:
        if isinstance(value, str) and value.strip().lstrip("+-").isdecimal():
            value = int(value)
        else:
            value = number(value)
            if not math.isfinite(value) or value != int(value) or abs(value) >= EXACT_IN_FLOAT:
                return None
    return int(value) if abs(value) <= LARGEST_INT64 else None


def truth(value) -> bool | None:
    """A card's value as true or false, also where it is a text or 0 and 1; None for anything else."""
    if isinstance(value, bool):
        return value
    text = "" if value is None else str(value).strip().lower()
    return True if text in _TRUE else False if text in _FALSE else None


def text(value) -> str:
    """A card's value as printable ASCII text, '' where it is missing; other characters become ``?``."""
    if value is None:
        return ""
    value = str(value).strip()
    return value if value.isascii() and value.isprintable() else _UNPRINTABLE.sub("?", value)
