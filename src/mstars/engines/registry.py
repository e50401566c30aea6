"""Which engines there are: each folder of this package that has an ``info.py`` is one. Imports nothing heavy."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from pydantic import BaseModel

from mstars.core.errors import InputError
from mstars.engines.contract import Engine, EngineInfo

_HERE = Path(__file__).parent


@functools.cache
def engine_names() -> tuple[str, ...]:
    """Names of all engines, in alphabetical order."""
    return tuple(sorted(path.parent.name for path in _HERE.glob("*/info.py")))


def engine_info(name: str) -> EngineInfo:
    """What is known of an engine before it is loaded.

    Raises
    ------
    InputError
        No engine of this name.
    """
    if name not in engine_names():
        raise InputError(f"parameters.engine: there is no engine {name!r}; known: {', '.join(engine_names())}")
    info = importlib.import_module(f"mstars.engines.{name}.info").INFO
    if info.name != name:
        raise ValueError(f"mstars.engines.{name}.info: its name is {info.name!r}")
    return info


def info_of_stem(stem: str) -> EngineInfo:
    """The engine whose files under training, models and predictions begin with ``stem``."""
    found = [info for info in map(engine_info, engine_names()) if info.stem == stem]
    if len(found) != 1:
        raise InputError(f"{stem}: not the beginning of one engine's files")
    return found[0]


def load_engine(name: str) -> Engine:
    """The engine itself, with the libraries that it needs."""
    engine_info(name)
    return importlib.import_module(f"mstars.engines.{name}.model").ENGINE


def engine_models() -> dict[str, type[BaseModel] | None]:
    """The model of each engine's config section ``engines.{name}``; None: it has its settings elsewhere."""
    return {name: _settings_module(name).SETTINGS for name in engine_names()}


def engine_settings(config: Mapping, name: str) -> dict:
    """The settings of an engine, of a whole config that is checked."""
    engine_info(name)
    module = _settings_module(name)
    return module.from_config(config) if module.SETTINGS is None else config["engines"][name]


def _settings_module(name: str) -> ModuleType:
    return importlib.import_module(f"mstars.engines.{name}.settings")


def enabled_engines(config: Mapping) -> list[str]:
    """The engine that fills the catalogue, then those beside it."""
    section = config["parameters"]
    also = engine_names() if section["also"] == "all" else section["also"]
    return list(dict.fromkeys([section["engine"], *also]))
