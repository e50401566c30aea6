"""Are a survey's files whole? Each is compared with the checksum that its job recorded, or read.

A damaged file can be set aside (``--repair``): its name gets ``.damaged``, and the next run of the workflow makes it
again, with what rests on it.
"""

from __future__ import annotations

import argparse
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401 (registers the stores' compression: without it every store looks damaged)

from mstars.core.errors import DamagedFile, InputError
from mstars.files import checksums
from mstars.files.gzip_files import GZIP_ERRORS, read_whole_gzip
from mstars.files.json_files import read_json
from mstars.files.stores import cannot_be_opened
from mstars.files.tables import read_table
from mstars.files.whole import leftovers, remove_leftovers, set_aside
from mstars.lamost.cards import BLOCK
from mstars.ops.job_costs import survey_folder

HELP = "read every file of a survey and name those that are damaged"


def _store(path: Path) -> None:
    def read(name: str, item) -> None:
        if isinstance(item, h5py.Dataset):
            for start in range(0, max(item.shape[0], 1) if item.shape else 1, 512):
                item[start : start + 512] if item.shape else item[()]

    try:
        with h5py.File(path, "r") as file:
            file.visititems(read)
    except (OSError, RuntimeError) as error:
        if isinstance(error, OSError) and (reason := cannot_be_opened(error)):
            raise InputError(f"{path}: {reason}") from None
        raise DamagedFile(path, str(error)) from None


def _weights(path: Path) -> None:
    with open(path, "rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else -1
        header = file.read(length) if 0 <= length < 2**27 else b""
    if length < 0 or len(header) != length or not header.startswith(b"{"):
        raise DamagedFile(path, "not a safetensors file")
    import json

    ends = [entry["data_offsets"][1] for name, entry in json.loads(header).items() if name != "__metadata__"]
    if path.stat().st_size != 8 + length + max(ends, default=0):
        raise DamagedFile(path, "shorter or longer than its header says")


def _fits(path: Path) -> None:
    with open(path, "rb") as file:
        card = file.read(30)
    if not card.startswith(b"SIMPLE  =") or path.stat().st_size % BLOCK:
        raise DamagedFile(path, "not a whole FITS file")


def _gzip(path: Path) -> None:
    try:
        read_whole_gzip(path)
    except GZIP_ERRORS as error:
        raise DamagedFile(path, str(error)) from None


CHECKS: dict[str, Callable[[Path], object]] = {
    ".parquet": read_table,
    ".h5": _store,
    ".json": read_json,
    ".safetensors": _weights,
    ".fits": _fits,
    ".gz": _gzip,
}
"""How a file is looked at that no job recorded a checksum of."""


@dataclass
class Findings:
    """What is wrong with a survey's files, in the order of names.

    Attributes
    ----------
    damaged : list of DamagedFile
        Files that are not as they were written.
    unread : list of InputError
        Files that could not be looked at, each with its reason.
    leftovers : list of Path
        Temporary files of processes that were killed.
    n_recorded : int
        Files that were compared with their recorded checksum.
    """

    damaged: list[DamagedFile] = field(default_factory=list)
    unread: list[InputError] = field(default_factory=list)
    leftovers: list[Path] = field(default_factory=list)
    n_recorded: int = 0


def examine(folder: str | Path) -> Findings:
    """Compare every file of a survey with its recorded checksum; read those without one whose kind is known here."""
    folder = Path(folder)
    found = Findings(leftovers=leftovers(folder))
    known = _records(folder, found)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        check = CHECKS.get(path.suffix)
        if not (check or name in known) or name.startswith(f"{checksums.FOLDER}/") or not path.is_file():
            continue
        try:
            if name in known:
                found.n_recorded += 1
                checksums.compare(folder, name, known[name])
            elif not any(part.startswith(".") for part in path.relative_to(folder).parts):
                check(path)
        except DamagedFile as error:
            found.damaged.append(error)
        except InputError as error:
            found.unread.append(error)
        except OSError as error:
            found.unread.append(InputError(f"{path}: can't be read: {error.strerror}"))
    return found


def _records(folder: Path, found: Findings) -> dict[str, checksums.Recorded]:
    known: dict[str, checksums.Recorded] = {}
    for path in sorted((folder / checksums.FOLDER).rglob("*.sha256")):
        if path.name.startswith("."):
            continue
        try:
            known |= checksums.read_record(path, folder)
        except DamagedFile as error:
            found.damaged.append(error)
    return known


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mstars verify``."""
    parser.add_argument("folder", help="results of a survey, for example results/demo")
    parser.add_argument("--repair", action="store_true", help="set damaged files aside, to be remade by the next run")


def run(arguments: argparse.Namespace) -> int:
    """Name the damaged files; 1 when there are any left, or when one could not be looked at."""
    found = examine(survey_folder(arguments.folder))
    for error in found.damaged:
        print(error)
    for output in dict.fromkeys(error.output for error in found.damaged) if arguments.repair else ():
        print(f"set aside as {set_aside(output)}")
    for error in found.unread:
        print(f"not looked at: {error}")
    if found.leftovers:
        removed = remove_leftovers([arguments.folder]) if arguments.repair else []
        what = "removed" if removed else "the next run removes them"
        print(f"{len(found.leftovers)} temporary files of killed jobs, first {found.leftovers[0]}: {what}")
    if not found.damaged and not found.unread:
        print(f"{arguments.folder}: every file is whole ({found.n_recorded} by their recorded checksums)")
    elif found.damaged and not arguments.repair:
        print("run `mstars verify --repair` to set them aside, then the workflow again to remake them")
    return int(bool(found.unread) or (bool(found.damaged) and not arguments.repair))
