"""Rooms whose names are imported when first used, so that a job starts with no library that its work doesn't need."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping


def on_demand(package: str, modules: Mapping[str, Iterable[str]]) -> tuple[Callable, list[str]]:
    """A package's ``__getattr__`` (PEP 562) and ``__all__``: names are fetched from its modules when first asked for.

    Parameters
    ----------
    package : str
        ``__name__`` of the package.
    modules : mapping of str to iterable of str
        For each module of the package the names it gives.

    Returns
    -------
    getattr : callable
        To be the package's ``__getattr__``; a name is kept in the package once fetched.
    names : list of str
        All names, sorted.
    """
    home = {name: module for module, names in modules.items() for name in names}

    def fetch(name: str):
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{home[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return fetch, sorted(home)
