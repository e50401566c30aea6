"""Where the results of a run come from: checksums of its inputs, versions, config, git commit."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import mstars
from mstars.core.errors import InputError

PACKAGES = ("snakemake", "numpy", "scipy", "astropy", "torch", "pandas", "matplotlib", "numba")


def versions(source: Path) -> list[tuple[str, str]]:
    """Name and version of the code and of the packages it rests on."""
    rows = [("mstars", mstars.__version__), ("git commit", _commit(source)), ("python", platform.python_version())]
    for name in PACKAGES:
        try:
            rows.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return rows


def _commit(source: Path) -> str:
    command = ["git", "-C", str(source), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown (not a git checkout)"


def checksums(paths: Sequence[str | Path]) -> list[dict]:
    """Path, bytes and sha256 of each file, in the order of the paths.

    Raises
    ------
    InputError
        When a file can't be read.
    """
    rows = []
    for path in sorted({str(path) for path in paths}):
        try:
            with open(path, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            rows.append({"path": path, "bytes": os.path.getsize(path), "sha256": digest})
        except OSError as error:
            raise InputError(f"{path}: input of this run can't be read ({error.strerror})") from None
    return rows


def provenance(source: Path, paths: Sequence[str | Path], config: Mapping, n_spectra: int) -> dict:
    """Everything together, as it is written to ``provenance.json``.

    Parameters
    ----------
    source : Path
        The checkout of the code.
    paths : sequence of path
        Input tables, maps, libraries and decisions. Of spectra, the plan's digests of names, sizes and times stand in
        ``plan/batches.json``, which is one of them.
    config : mapping
        Of the run; anything that JSON can hold.
    n_spectra : int
        In the plan.
    """
    return {
        "versions": dict(versions(source)),
        "spectra": n_spectra,
        "inputs": checksums(paths),
        "config": json.loads(json.dumps(config)),
    }
