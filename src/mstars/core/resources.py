"""Where the small reference tables of ``resources/`` are, in a checkout and in an installed package."""

from importlib.resources import files
from pathlib import Path

from mstars.core.errors import InputError

ROOT = Path(str(files("mstars") / "data")).resolve()
"""Folder of the tables: the package's ``data``, which in a checkout is a link to ``resources/``."""


def resource(name: str) -> Path:
    """Path of a file in ``resources/``; an unknown name is an `InputError`."""
    path = ROOT / name
    if not path.is_file():
        raise InputError(f"{path}: a reference table of mstars is missing; is this a whole checkout or installation?")
    return path
