"""JSON files between rules."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mstars.core.errors import DamagedFile, InputError

if TYPE_CHECKING:
    pass
from mstars.files.whole import atomic_path


def _plain(value):
    """Numpy scalars, arrays and paths as what JSON knows; not-a-number becomes null."""
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def write_json(value, path: str | Path) -> None:
    """Write JSON atomically; arrays become lists, NaN becomes null."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(_plain(value), indent=2, allow_nan=False) + "\n")


def read_json(path: str | Path):
    """Read JSON; a missing or damaged file is an `InputError` that names it."""
    try:
        return json.loads(Path(path).read_text())
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (ValueError, RecursionError) as error:
        raise DamagedFile(path, f"not JSON: {error}") from None
