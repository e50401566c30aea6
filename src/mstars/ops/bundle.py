"""A bundle: all trained models of a survey in one file, with checksums and licence, for inference elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
import uuid
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import mstars
from mstars.core.errors import InputError
from mstars.files.whole import atomic_path

FORMAT = "mstars-models-1"
DESCRIPTION = "bundle.json"
CLASSIFIERS = ("spt", "wdm", "dmgm")
KINDS = ("dM", "gM")
_SUFFIXES = (".json", ".safetensors", ".csv", ".parquet")
_LARGEST = 2_000_000_000


def model_files(folder: str | Path) -> list[str]:
    """Files of a folder of models, relative to it, in order; refuses a folder that inference could not run on.

    Raises
    ------
    InputError
        A classifier, the outlier model, a fold or the calibration of a kind is missing, or the kinds' folds differ.
    """
    folder = Path(folder)
    needed = [f"{task}/{name}" for task in CLASSIFIERS for name in ("model.json", "weights.safetensors")]
    needed += ["ood/model.json", "ood/basis.safetensors"]
    folds = {kind: sorted(path.parent.name for path in folder.glob(f"tlma_{kind}/fold*/model.json")) for kind in KINDS}
    if folds["dM"] != folds["gM"] or not folds["dM"]:
        raise InputError(f"{folder}: {len(folds['dM'])} folds of dM and {len(folds['gM'])} of gM; train all of both")
    for kind in KINDS:
        needed += [f"tlma_{kind}/{name}" for name in ("calibration.json", "out_of_fold.parquet")]
        needed += [f"tlma_{kind}/{fold}/weights.safetensors" for fold in folds[kind]]
    missing = [name for name in needed if not (folder / name).is_file()]
    if missing:
        raise InputError(f"{folder}: not a whole set of models, {', '.join(missing[:4])} missing; train them first")
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix in _SUFFIXES)
    names = (path.relative_to(folder).as_posix() for path in paths if not path.name.startswith("."))
    return sorted(name for name in names if name != DESCRIPTION)


def pack_models(folder: str | Path, path: str | Path, licence: str | Path, about: dict | None = None) -> dict:
    """Write a bundle.

    Parameters
    ----------
    folder : path
        ``results/{survey}/models``.
    path : path
        The bundle, ``.tar.gz``. Same models, same bytes.
    licence : path
        Text of the licence that the models are given under; goes with them.
    about : dict, optional
        Kept in bundle.json: survey, kind, what it was trained on.

    Returns
    -------
    dict
        bundle.json: format, version of mstars, about, and name, size and sha256 of each file.
    """
    folder = Path(folder)
    contents = {name: (folder / name).read_bytes() for name in model_files(folder)}
    contents["LICENSE"] = Path(licence).read_bytes()
    description = {
        "format": FORMAT,
        "mstars": mstars.__version__,
        "licence": "BSD-3-Clause",
        "about": about or {},
        "files": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in sorted(contents.items())
        },
    }
    first = json.dumps(description, indent=1, sort_keys=True).encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in [(DESCRIPTION, first), *sorted(contents.items())]:
            entry = tarfile.TarInfo(name)  # time, owner and rights are the same everywhere
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    with atomic_path(path) as temporary:
        temporary.write_bytes(gzip.compress(buffer.getvalue(), mtime=0))
    return description


def unpack_models(path: str | Path, parent: str | Path) -> Path:
    """Unpack a bundle, checked file by file, into a folder of ``parent`` that is named after its contents.

    Parameters
    ----------
    path : path
        A bundle of `pack_models`.
    parent : path
        Folder of folders; one that is there already is taken as it is.

    Returns
    -------
    Path
        The folder of models.

    Raises
    ------
    InputError
        Not a bundle, of another format, a file that bundle.json doesn't list, or a checksum that is wrong.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"models.path: {path} can't be read ({error.strerror})") from None
    folder = Path(parent) / f"{path.name.split('.')[0]}-{hashlib.sha256(content).hexdigest()[:12]}"
    if (folder / DESCRIPTION).is_file():
        return folder
    files = _checked(path, content)
    scratch = folder.with_name(f".{uuid.uuid4().hex[:8]}.{folder.name}")
    try:
        for name, part in files.items():
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            (scratch / name).write_bytes(part)
        model_files(scratch)
        try:
            scratch.rename(folder)
        except OSError:  # another job was faster: the same files by name of the folder
            if not (folder / DESCRIPTION).is_file():
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def _checked(path: Path, content: bytes) -> dict[str, bytes]:
    """Files of a bundle by name; all that bundle.json lists and no other."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
            files = dict(_members(path, tar))
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise InputError(f"{path}: not a bundle of models, or damaged ({error}); copy it anew") from None
    try:
        description = json.loads(files[DESCRIPTION])
        listed = description["files"]
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path}: not a bundle of models (no {DESCRIPTION}); make one with `make models`") from None
    if description.get("format") != FORMAT:
        raise InputError(f"{path}: format is {description.get('format')!r}, this version reads {FORMAT}")
    if set(listed) != set(files) - {DESCRIPTION}:
        odd = sorted(set(listed) ^ (set(files) - {DESCRIPTION}))
        raise InputError(f"{path}: {', '.join(odd[:4])} is not both in {DESCRIPTION} and in the bundle; copy it anew")
    for name, facts in listed.items():
        if hashlib.sha256(files[name]).hexdigest() != facts.get("sha256"):
            raise InputError(f"{path}: {name} is damaged (its checksum is not {DESCRIPTION}'s); copy it anew")
    return files


def _members(path: Path, tar: tarfile.TarFile) -> Iterable[tuple[str, bytes]]:
    total = 0
    for entry in tar:
        name = PurePosixPath(entry.name)
        usual = name.suffix in _SUFFIXES or entry.name == "LICENSE"
        if not entry.isfile() or name.is_absolute() or ".." in name.parts or not usual:
            raise InputError(f"{path}: {entry.name!r} has no place in a bundle of models; make one with `make models`")
        total += entry.size
        if total > _LARGEST:
            raise InputError(f"{path}: unpacks to more than {_LARGEST / 1e9:.0f} GB; not a bundle of models")
        yield entry.name, tar.extractfile(entry).read()
