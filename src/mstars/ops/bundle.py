"""A bundle: all trained models of a survey in one file, with checksums and licence, for inference elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import mstars
from mstars.core.errors import InputError
from mstars.engines.contract import EngineInfo
from mstars.engines.registry import engine_info, engine_names
from mstars.files.whole import atomic_path, temporary_beside

FORMAT = "mstars-models-1"
DESCRIPTION = "bundle.json"
CLASSIFIERS = ("spt", "wdm", "dmgm")
_SUFFIXES = (".json", ".safetensors", ".csv", ".parquet")
_LARGEST, _LARGEST_LISTING = 2_000_000_000, 10_000_000
_LARGEST_RATIO = 20  # weights are hardly smaller when packed


def model_files(folder: str | Path) -> list[str]:
    """Files of a folder of models, relative to it, in order; refuses a folder that inference could not run on.

    The folder may hold the models of any engines, of one at least, each of them whole.

    Raises
    ------
    InputError
        A classifier, the outlier model, an engine's part or calibration is missing, an engine's classes have different
        parts, or there is no engine.
    """
    folder = Path(folder)
    needed = [f"{task}/{name}" for task in CLASSIFIERS for name in ("model.json", "weights.safetensors")]
    needed += ["ood/model.json", "ood/basis.safetensors"]
    of_engines = [name for info in map(engine_info, engine_names()) for name in _engine_files(folder, info)]
    if not of_engines:
        known = ", ".join(engine_names())
        raise InputError(f"{folder}: no parameter models of any engine ({known}); train those of one")
    missing = [name for name in [*needed, *of_engines] if not (folder / name).is_file()]
    if missing:
        raise InputError(f"{folder}: not a whole set of models, {', '.join(missing[:4])} missing; train them first")
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix in _SUFFIXES)
    names = (path.relative_to(folder).as_posix() for path in paths if not path.name.startswith("."))
    return sorted(name for name in names if name != DESCRIPTION)


def _engine_files(folder: Path, info: EngineInfo) -> list[str]:
    """Files that an engine needs; none where the folder has nothing of it."""
    tops = {kind: f"{info.stem}_{kind}" for kind in info.kinds}
    parts = {
        kind: sorted(path.parent.name for path in folder.glob(f"{top}/*/model.json")) for kind, top in tops.items()
    }
    if not any(parts.values()):
        return []
    counts = ", ".join(f"{len(names)} of {kind}" for kind, names in parts.items())
    if len({tuple(names) for names in parts.values()}) > 1:
        raise InputError(f"{folder}: models of engine {info.name}: {counts}; train all of each class")
    if not info.predicting(next(iter(parts.values()))):
        raise InputError(f"{folder}: models of engine {info.name}: {counts}, none of which predicts; train all parts")
    needed = []
    for kind, top in tops.items():
        needed += [f"{top}/{name}" for name in ("calibration.json", "out_of_fold.parquet")]
        needed += [f"{top}/{part}/weights.safetensors" for part in parts[kind]]
    return needed


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


def read_listing(path: str | Path) -> tuple[str, list[str]]:
    """Which files a bundle holds, by its first entry alone: nothing is unpacked and nothing else is read.

    Parameters
    ----------
    path : path
        A bundle of `pack_models`.

    Returns
    -------
    name : str
        Name for a folder of these models: two bundles have the same one only with the same contents.
    files : list of str
        What `unpack_models` writes, relative to its folder.

    Raises
    ------
    InputError
        Not a bundle, or of another format.
    """
    path = Path(path)
    try:
        with tarfile.open(path, mode="r:gz") as tar:
            entry = tar.next()
            listing = entry is not None and entry.name == DESCRIPTION and entry.isfile()
            content = tar.extractfile(entry).read() if listing and entry.size <= _LARGEST_LISTING else b""
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError(f"{path}: not a bundle of models, or damaged ({error}); copy it anew") from None
    listed = _listed(path, content)
    name = f"{path.name.split('.')[0]}-{hashlib.sha256(content).hexdigest()[:12]}"
    return name, sorted({DESCRIPTION, *listed})


def unpack_models(path: str | Path, folder: str | Path) -> list[str]:
    """Unpack a bundle into a folder, after each file's checksum was found right.

    Parameters
    ----------
    path : path
        A bundle of `pack_models`.
    folder : path
        Where the files go; those of the same names are replaced.

    Returns
    -------
    list of str
        The files, relative to the folder.

    Raises
    ------
    InputError
        Not a bundle, of another format, not a whole set of models, a file that bundle.json doesn't list, or a checksum
        that is wrong. Nothing is written then.
    """
    path, folder = Path(path), Path(folder)
    files = _checked(path)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = temporary_beside(folder)
    try:
        for name, part in files.items():
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            (scratch / name).write_bytes(part)
        model_files(scratch)
        for name in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (scratch / name).replace(folder / name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return sorted(files)


def _listed(path: Path, content: bytes) -> dict[str, dict]:
    """Size and checksum by name, as bundle.json lists them; the names are paths within a folder."""
    try:
        description = json.loads(content)
        listed = description["files"]
        names = [_place(path, name) for name in listed]
        facts = [listed[name]["sha256"] for name in names]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise InputError(f"{path}: not a bundle of models (no {DESCRIPTION}); make one with `make models`") from None
    if description.get("format") != FORMAT:
        raise InputError(f"{path}: format is {description.get('format')!r}, this version reads {FORMAT}")
    return dict(zip(names, facts, strict=True))


def _checked(path: Path) -> dict[str, bytes]:
    """Files of a bundle by name; all that bundle.json lists and no other."""
    try:
        with tarfile.open(path, mode="r:gz") as tar:
            files = dict(_members(path, tar))
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError(f"{path}: not a bundle of models, or damaged ({error}); copy it anew") from None
    listed = _listed(path, files.get(DESCRIPTION, b""))
    if set(listed) != set(files) - {DESCRIPTION}:
        odd = sorted(set(listed) ^ (set(files) - {DESCRIPTION}))
        raise InputError(f"{path}: {', '.join(odd[:4])} is not both in {DESCRIPTION} and in the bundle; copy it anew")
    for name, checksum in listed.items():
        if hashlib.sha256(files[name]).hexdigest() != checksum:
            raise InputError(f"{path}: {name} is damaged (its checksum is not {DESCRIPTION}'s); copy it anew")
    return files


def _members(path: Path, tar: tarfile.TarFile) -> Iterable[tuple[str, bytes]]:
    total, names = 0, set()
    most = min(_LARGEST, _LARGEST_RATIO * path.stat().st_size + _LARGEST_LISTING)
    for entry in tar:
        name = _place(path, entry.name, entry.isfile() and not entry.sparse)
        total += entry.size
        if total > most:
            raise InputError(f"{path}: unpacks to more than {most / 1e6:.0f} MB; not a bundle of models")
        if name in names:
            raise InputError(f"{path}: {name} is in it twice; make one with `make models`")
        names.add(name)
        yield name, tar.extractfile(entry).read()


def _place(path: Path, name: str, is_file: bool = True) -> str:
    """The name, where it is one that a file of a bundle may have."""
    parts = PurePosixPath(name)
    usual = parts.suffix in _SUFFIXES or name == "LICENSE"
    if not is_file or parts.is_absolute() or ".." in parts.parts or not usual:
        raise InputError(f"{path}: {name!r} has no place in a bundle of models; make one with `make models`")
    return name
