"""Checksums of what jobs wrote: one record an output, in the form of ``sha256sum``, in the survey's ``checksums/``.

A format's own checksums do not cover all of a file, and JSON, CSV and pictures have none. In the survey's folder
``sha256sum --check checksums/plan/batches.json.sha256`` does for one output what `mstars verify` does for all.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from mstars.core.errors import DamagedFile
from mstars.files.whole import temporary_beside

FOLDER = "checksums"
RESULTS = "results"
"""Folder of the surveys' folders, in the folder that Snakemake runs in."""

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_BLOCK = 2**20


class Place(NamedTuple):
    """Where an output is: the survey's folder, and its path in there."""

    survey: Path
    name: str

    @property
    def record(self) -> Path:
        """The file of its checksums."""
        return self.survey / FOLDER / f"{self.name}.sha256"


class Recorded(NamedTuple):
    """What is known of a file: its checksum, and the output of a job that it belongs to (itself, or its folder)."""

    sha256: str
    output: str


def place_of(path: str | Path) -> Place | None:
    """Where a path is among the results; None where it isn't in a survey's folder."""
    parts = Path(os.path.relpath(path, RESULTS)).parts
    if len(parts) < 2 or parts[0] == os.pardir or parts[1] == FOLDER:
        return None
    return Place(Path(RESULTS, parts[0]), Path(*parts[1:]).as_posix())


def forget(outputs: Iterable[str | Path]) -> None:
    """Remove the records of outputs that are about to be made anew."""
    for place in filter(None, map(place_of, outputs)):
        place.record.unlink(missing_ok=True)


def record(output: str | Path, also: Iterable[str | Path] = ()) -> None:
    """Write the record of an output, a file or a folder; nothing where it isn't in a survey's folder.

    Parameters
    ----------
    output : path
        What a rule names.
    also : iterable of path
        Files and folders of the same survey that were made with it and that no rule names.
    """
    place = place_of(output)
    if place is None:
        return
    paths = [path for top in (output, *also) for path in _files(top)]
    lines = [f"{_sha256(path)}  {os.path.relpath(path, place.survey)}\n" for path in paths]
    place.record.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(place.record)
    temporary.write_text("".join(lines))
    temporary.replace(place.record)


def check(inputs: Iterable[str | Path]) -> None:
    """Compare inputs of a job with what the jobs that made them recorded; those without a record are not looked at.

    Raises
    ------
    DamagedFile
        One differs.
    """
    known: dict[Path, dict[str, Recorded]] = {}
    for path in inputs:
        place = place_of(path)
        found = place and _record_with(place)
        if not found:
            continue
        if found not in known:
            known[found] = read_record(found, place.survey)
        for name in (os.path.relpath(file, place.survey) for file in _files(path)):
            if name in known[found]:
                compare(place.survey, name, known[found][name])


def compare(survey: Path, name: str, recorded: Recorded) -> None:
    """Compare a file of a survey with its record.

    Raises
    ------
    DamagedFile
        It differs.
    """
    path = survey / name
    if _sha256(path) != recorded.sha256:
        raise DamagedFile(path, "its content is not what the job wrote", survey / recorded.output)


def read_record(path: Path, survey: Path) -> dict[str, Recorded]:
    """The files that a record knows, by their path in the survey's folder.

    Raises
    ------
    DamagedFile
        A line is none of a record's.
    """
    output = path.relative_to(survey / FOLDER).as_posix().removesuffix(".sha256")
    found = {}
    for line in path.read_text(errors="replace").splitlines():
        match = _LINE.fullmatch(line)
        if not match:
            raise DamagedFile(path, f"not a line of checksums: {line[:80]!r}", path)
        found[match[2]] = Recorded(match[1], output)
    return found


def _record_with(place: Place) -> Path | None:
    """The record that may know a path: its own, or that of a folder above."""
    for name in (place.name, *(parent.as_posix() for parent in Path(place.name).parents)):
        if name != "." and (path := place._replace(name=name).record).is_file():
            return path
    return None


def _files(top: str | Path) -> Iterator[str]:
    """A file, or the files below a folder, in order."""
    if not os.path.isdir(top):
        if os.path.isfile(top):
            yield os.fspath(top)
        return
    for parent, folders, files in os.walk(top):
        folders.sort()
        yield from (path for name in sorted(files) if os.path.isfile(path := os.path.join(parent, name)))


def _sha256(path: str | Path) -> str:
    hashed = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while part := file.read(_BLOCK):
            hashed.update(part)
    return hashed.hexdigest()
