"""Files written whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


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
    # the suffixes stay last, because writers choose a format by them
    temporary = path.with_name(f".{uuid.uuid4().hex[:8]}.{path.name}")
    try:
        yield temporary
        if temporary.is_file():
            with open(temporary, "rb") as handle:
                os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def set_aside(path: str | Path) -> Path:
    """Rename a damaged file to ``{path}.damaged``, so that the next run makes it again; return the new name."""
    return Path(path).replace(f"{path}.damaged")
