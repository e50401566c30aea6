"""What a long search has done so far, on disk: one that was killed goes on where it was."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from mstars.files.whole import atomic_path


class Progress:
    """Arrays that fill up: NaN where not done yet.

    Parameters
    ----------
    path : Path or None
        An ``.npz``; None: nothing is kept.
    key : str
        What the work is of. A file of other work is not used.
    """

    def __init__(self, path: Path | None, key: str):
        self._path, self._key = path, hashlib.sha256(key.encode()).hexdigest()
        self._arrays: dict[str, np.ndarray] = {}
        self._found: dict[str, np.ndarray] = {}

    @classmethod
    def open(cls, path: Path | None, key: str) -> Progress:
        """The progress of this work that the file tells, or none."""
        progress = cls(path, key)
        if path is not None and Path(path).is_file():
            try:
                with np.load(path, allow_pickle=False) as file:
                    if str(file["key"]) == progress._key:
                        progress._found = {name: file[name] for name in file.files if name != "key"}
            except (OSError, ValueError, KeyError):  # half written by another version: begin anew
                progress._found = {}
        return progress

    def array(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """The array of this name, to be filled in place before `save`."""
        found = self._found.get(name)
        self._arrays[name] = found.copy() if found is not None and found.shape == shape else np.full(shape, np.nan)
        return self._arrays[name]

    def save(self) -> None:
        """Keep what is filled."""
        if self._path is not None:
            with atomic_path(Path(self._path)) as temporary:
                np.savez(temporary, key=np.array(self._key), **self._arrays)

    def remove(self) -> None:
        """The work is done: nothing needs to be kept."""
        if self._path is not None:
            Path(self._path).unlink(missing_ok=True)
