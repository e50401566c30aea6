"""Where the small reference tables of ``resources/`` are."""

from pathlib import Path

from mstars.core.errors import InputError

ROOT = Path(__file__).resolve().parents[3] / "resources"


def resource(name: str) -> Path:
    """Path of a file in ``resources/``; an unknown name is an `InputError`."""
    path = ROOT / name
    if not path.is_file():
        raise InputError(f"{path}: a reference table of mstars is missing; is this a whole checkout?")
    return path
