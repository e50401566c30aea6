"""What a rule rests on, computed: the script, the library modules it imports, and the tables and files they read.

The imports are read from the source, not by importing. A module counts with every package above it. A reference table
counts where a module names it in ``resource("...")``; the argument must be a literal, so that the name can be read. A
file beside a module (a page's template) counts where the module names it in a string.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

import mstars
from mstars.core.errors import InputError
from mstars.core.resources import ROOT as RESOURCES
from mstars.files.whole import atomic_path

SOURCE = Path(mstars.__file__).resolve().parents[1]
"""Folder that holds the package `mstars`."""

_LIBRARIES = ("mstars", "mstars_desk")
_LOADS_ENGINES = "mstars.engines.registry.load_engine"
_FILE_NAME = re.compile(r"[\w-][\w/.-]*\.(?!py$)[a-z0-9]+")


class Digests:
    """Digests of scripts, with the reading of each source file kept between runs.

    Files must not change while one object is in use: it looks at each of them once.

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
        self._kept = {} if self._cache is None else _read_cache(self._cache)
        self._changed = False
        self._needs: dict[Path, list[Path]] = {}
        self._lines: dict[Path, str] = {}
        self._modules = functools.cache(self._find_modules)
        self._same: dict[str, Path] = {}
        self._is_file = functools.cache(os.path.isfile)

    def digest(self, script: str | Path, *modules: str) -> str:
        """Digest of a script and all that it rests on.

        Parameters
        ----------
        script : str or Path
            A Python file.
        *modules : str
            Modules that it imports by a name known only when it runs.

        Returns
        -------
        str
            16 hexadecimal digits, the same in every checkout.

        Raises
        ------
        InputError
            A file can't be read this way (see `facts_of`), or a table that a module names is not there.
        """
        lines = sorted(self._lines[path] for path in self.closure(script, *modules))
        return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]

    def engine_digest(self, script: str | Path, engine: str) -> str:
        """Digest of a script that works for any parameter engine, with what it loads of this one."""
        read = [self._facts(path)["imports"] for path in self.closure(script) if path.suffix == ".py"]
        modules = ["info", "model"] if any(_LOADS_ENGINES in imports for imports in read) else ["info"]
        return self.digest(script, *(f"mstars.engines.{engine}.{name}" for name in modules))

    def closure(self, script: str | Path, *modules: str) -> set[Path]:
        """The script, the modules of the library that it imports directly or not, and the files that these name.

        ``modules`` are modules that it imports by a name known only when it runs.
        """
        waiting, found = [self._one(Path(script).resolve())], set()
        waiting += [path for name in modules for path in self._modules(name)]
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                waiting += self._needed_by(path)
        return found

    def save(self) -> None:
        """Keep what was read for the next run."""
        if self._cache is not None and self._changed:
            with atomic_path(self._cache) as temporary:
                temporary.write_text(json.dumps({"reader": _reader(), "files": self._kept}))
            self._changed = False

    def _needed_by(self, path: Path) -> list[Path]:
        """Files that a file names itself; the first call also notes the file's line for the digests."""
        if path not in self._needs:
            if path.suffix == ".py":
                facts = self._facts(path)
                needs = [module for name in facts["imports"] for module in self._modules(name)]
                needs += [self._table(path, name) for name in facts["resources"]]
                beside = [os.path.join(path.parent, name) for name in facts["names"]]
                needs += [self._one(Path(file)) for file in beside if self._is_file(file)]
            else:
                facts, needs = {"hash": _hash(path)}, []
            self._needs[path] = list(dict.fromkeys(needs))
            self._lines[path] = f"{self._name(path)} {facts['hash']}\n"
        return self._needs[path]

    def _name(self, path: Path) -> str:
        """A name that is the same in every checkout."""
        if path.is_relative_to(self._resources):  # which a checkout, a copy and an installation have in other places
            return f"resources/{path.relative_to(self._resources).as_posix()}"
        return path.relative_to(self._source).as_posix() if path.is_relative_to(self._source) else path.name

    def _facts(self, path: Path) -> dict:
        state = path.stat()
        stamp = [state.st_size, state.st_mtime_ns]
        kept = self._kept.get(str(path))
        if kept is None or kept["stamp"] != stamp:
            kept = {"stamp": stamp, **facts_of(path.read_text(), str(path)), "hash": _hash(path)}
            self._kept[str(path)], self._changed = kept, True
        return kept

    def _find_modules(self, name: str) -> list[Path]:
        """Files that ``import name`` runs: the packages above it, and the module where ``name`` is one."""
        parts, files = name.split("."), []
        for depth in range(1, len(parts) + 1):
            place = os.path.join(self._source, *parts[:depth])
            files += [file for file in (os.path.join(place, "__init__.py"), f"{place}.py") if self._is_file(file)]
        return [self._one(Path(file)) for file in files]

    def _one(self, path: Path) -> Path:
        """The same object for the same path: sets then compare no text."""
        return self._same.setdefault(str(path), path)

    def _table(self, module: Path, name: str) -> Path:
        path = self._resources / name
        if not path.is_file():
            raise InputError(f"{path}: named in {module}, and not there; is this a whole checkout?")
        return self._one(path)


def facts_of(text: str, name: str = "<text>") -> dict[str, list[str]]:
    """What a source text imports of the library, and which files it names.

    Parameters
    ----------
    text : str
        Python source.
    name : str
        What errors call it.

    Returns
    -------
    dict
        ``imports``: dotted names (a module, or a name within one); ``resources``: reference tables; ``names``: all
        strings that could be the name of a file.

    Raises
    ------
    InputError
        A relative import, or ``resource`` called with anything but one literal.
    """
    imports, resources, names = set(), set(), set()
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
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _FILE_NAME.fullmatch(node.value):
            names.add(node.value)
    return {"imports": sorted(imports), "resources": sorted(resources), "names": sorted(names)}


def _ours(module: str | None) -> bool:
    return (module or "").split(".")[0] in _LIBRARIES


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _reader() -> str:
    """What a cache was written by: another version of this module may read other facts."""
    return _hash(Path(__file__))


def _read_cache(path: Path) -> dict[str, dict]:
    """What an earlier run has kept; nothing where there is none, half a file, or one of another version."""
    try:
        kept = json.loads(path.read_text())
        return kept["files"] if kept["reader"] == _reader() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def digests_of(
    scripts: Iterable[str | Path],
    cache: str | Path | None = None,
    *,
    engine_scripts: Iterable[str | Path] = (),
    engines: Iterable[str] = (),
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Digest of each script, and of the scripts that work for any parameter engine with each engine.

    Parameters
    ----------
    scripts : iterable of path
    cache : path, optional
        That of `Digests`.
    engine_scripts : iterable of path
        Scripts that load an engine by its name.
    engines : iterable of str
        Names of the engines.

    Returns
    -------
    found : dict
        By path as given.
    by_engine : dict
        By path as given, then by engine.
    """
    reader, engines = Digests(cache), list(engines)
    found = {str(script): reader.digest(script) for script in scripts}
    by_engine = {str(one): {name: reader.engine_digest(one, name) for name in engines} for one in engine_scripts}
    reader.save()
    return found, by_engine
