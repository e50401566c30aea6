"""Gzip files read to their end, so that a truncated or damaged one is seen."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

GZIP_ERRORS = (OSError, EOFError, zlib.error)
"""What reading a damaged gzip file raises."""

_CHUNK = 1 << 20


def read_whole_gzip(path: str | Path, n: int = 0) -> bytes:
    """Read a gzip file to its end, and return the first ``n`` bytes of its content.

    Raises
    ------
    OSError, EOFError, zlib.error
        It is truncated or damaged (`GZIP_ERRORS`), or can't be opened.
    """
    with gzip.open(path) as file:
        head = file.read(n)
        while file.read(_CHUNK):
            pass
    return head
