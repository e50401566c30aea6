"""Trained models from elsewhere: a folder of them, or a bundle that a rule of the workflow unpacks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mstars.core.errors import InputError
from mstars.core.resources import resource
from mstars.ops.bundle import read_listing

MODELS_IN_THE_BOX = resource("models/simulated-1.tar.gz")
"""Models that come with mstars, trained on a simulated survey alone; `make box` makes them."""


@dataclass(frozen=True)
class ModelSource:
    """Where trained models are, and which files they have.

    Attributes
    ----------
    folder : str
        Folder of the models. That of a bundle may not be there yet.
    files : tuple of str
        The files, relative to the folder; none where there is no such folder.
    bundle : str or None
        The bundle that the folder is unpacked from.
    """

    folder: str
    files: tuple[str, ...]
    bundle: str | None = None

    def folds(self, name: str) -> list[int]:
        """Numbers of the folds of a model folder (``tlma_dM``), in order."""
        found = (re.fullmatch(rf"{re.escape(name)}/fold(\d+)/model\.json", file) for file in self.files)
        return sorted(int(match[1]) for match in found if match)

    def check(self) -> None:
        """Refuse a source without a file.

        Raises
        ------
        InputError
            The folder is not there, or empty.
        """
        if not self.files:
            what = f"{self.folder} is not a folder of models or a bundle"
            raise InputError(f"models.path: {what}; give a folder of models or a bundle of them")


def model_source(path: str | Path, unpacked: str | Path) -> ModelSource:
    """The source that the key ``models.path`` names.

    Parameters
    ----------
    path : str or Path
        A folder of models, or a bundle of `mstars.ops.bundle.pack_models`, of which only the listing is read.
    unpacked : str or Path
        Folder that a bundle's own folder is to be in.

    Raises
    ------
    InputError
        A file that is no bundle.
    """
    path = Path(path)
    if path.is_file():
        name, files = read_listing(path)
        return ModelSource(str(Path(unpacked) / name), tuple(files), str(path))
    files = (file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
    return ModelSource(str(path), tuple(sorted(files)))
