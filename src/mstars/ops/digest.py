"""What a rule rests on, computed: the script, the library modules it imports, and the reference tables they read.

The imports are read from the source, not by importing. A module counts with every package above it. A reference table
counts where a module names it in ``resource("...")``; the argument must be a literal, so that the name can be read.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import mstars
from mstars.core.errors import InputError
from mstars.core.resources import ROOT as RESOURCES
from mstars.files.whole import atomic_path

SOURCE = Path(mstars.__file__).resolve().parents[1]
"""Folder that holds the package `mstars`."""

_LIBRARIES = ("mstars", "mstars_desk")


class Digests:
    """Digests of scripts, with the reading of each file kept between runs.

    Parameters
    ----------
    cache : str or Path, optional
        JSON file that keeps what was read of each source file, by its size and time of change. Without it every file
        is read anew.
    source : Path
        Folder that holds the packages.
    resources : Path
        Folder of the reference tables.
    """

    def __init__(self, cache: str | Path | None = None, *, source: Path = SOURCE, resources: Path = RESOURCES):
        self._source, self._resources = source, resources
        self._cache = None if cache is None else Path(cache)
        self._read = self._kept()
        self._changed = False
        self._hashes: dict[Path, str] = {}

    def digest(self, script: str | Path) -> str:
        """Digest of a script and all that it rests on: 16 hexadecimal digits."""
        hashed = hashlib.sha256()
        for path in sorted(self.closure(script), key=self._name):
            hashed.update(f"{self._name(path)} {self._hash(path)}\n".encode())
        return hashed.hexdigest()[:16]

    def closure(self, script: str | Path) -> set[Path]:
        """The script, the modules of the library that it imports directly or not, and the tables these name."""
        waiting, found = [Path(script).resolve()], set()
        while waiting:
            path = waiting.pop()
            if path in found:
                continue
            found.add(path)
            if path.suffix == ".py":
                facts = self._facts(path)
                waiting += [module for name in facts["imports"] for module in self._modules(name)]
                waiting += [self._table(path, name) for name in facts["resources"]]
        return found

    def save(self) -> None:
        """Keep what was read for the next run."""
        if self._cache is not None and self._changed:
            with atomic_path(self._cache) as temporary:
                temporary.write_text(json.dumps(self._read))
            self._changed = False

    def _kept(self) -> dict:
        try:
            return json.loads(self._cache.read_text()) if self._cache is not None else {}
        except (OSError, ValueError):  # none yet, or half a file of an older version: read anew
            return {}

    def _name(self, path: Path) -> str:
        """A name that is the same in every checkout."""
        for root in (self._source, self._resources.parent):
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return path.name

    def _facts(self, path: Path) -> dict:
        state = path.stat()
        stamp = [state.st_size, state.st_mtime_ns]
        kept = self._read.get(str(path))
        if kept is None or kept["stamp"] != stamp:
            kept = {"stamp": stamp, **facts_of(path.read_text(), str(path)), "hash": _hash(path)}
            self._read[str(path)], self._changed = kept, True
        return kept

    def _hash(self, path: Path) -> str:
        if path.suffix == ".py":
            return self._facts(path)["hash"]
        if path not in self._hashes:
            self._hashes[path] = _hash(path)
        return self._hashes[path]

    def _modules(self, name: str) -> list[Path]:
        """Files that ``import name`` runs: the packages above it, and the module where ``name`` is one."""
        parts, files = name.split("."), []
        for depth in range(1, len(parts) + 1):
            place = self._source.joinpath(*parts[:depth])
            for file in (place / "__init__.py", place.with_suffix(".py")):
                if file.is_file():
                    files.append(file)
        return files

    def _table(self, module: Path, name: str) -> Path:
        path = self._resources / name
        if not path.is_file():
            raise InputError(f"{path}: named in {module}, and not there; is this a whole checkout?")
        return path


def facts_of(text: str, name: str = "<text>") -> dict[str, list[str]]:
    """What a source text imports of the library, and which reference tables it names.

    Parameters
    ----------
    text : str
        Python source.
    name : str
        What errors call it.

    Returns
    -------
    dict
        ``imports``: dotted names (a module, or a name within one); ``resources``: file names.

    Raises
    ------
    InputError
        A relative import, or ``resource`` called with anything but one literal.
    """
    imports, resources = set(), set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names if _ours(alias.name)}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise InputError(f"{name}, line {node.lineno}: a relative import; name the module from `mstars` on")
            if _ours(node.module):
                imports |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "resource":
            if len(node.args) != 1 or not isinstance(node.args[0], ast.Constant):
                raise InputError(f"{name}, line {node.lineno}: resource() takes one literal file name")
            resources.add(node.args[0].value)
    return {"imports": sorted(imports), "resources": sorted(resources)}


def _ours(module: str | None) -> bool:
    return (module or "").split(".")[0] in _LIBRARIES


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests_of(scripts: Iterable[str | Path], cache: str | Path | None = None) -> dict[str, str]:
    """Digest of each script."""
    reader = Digests(cache)
    found = {str(script): reader.digest(script) for script in scripts}
    reader.save()
    return found
