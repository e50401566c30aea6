"""Config files: which of them says what, and whether two contradict each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mstars.core.config.keys import plain
from mstars.core.errors import InputError
from mstars.core.yaml_text import read_yaml

BASE = "config/config.yaml"
"""The file that every run reads first."""

COMMAND_LINE = "command line (--config)"


@dataclass(frozen=True)
class Layer:
    """What one file, or the command line, says; ``name`` is for people."""

    name: str
    values: Mapping[str, Any]


def read_layer(path: str | Path) -> Layer:
    """Read a config file, YAML or JSON.

    Raises
    ------
    InputError
        No such file, not YAML, a key twice in a section, or no sections at its top.
    """
    name = _short(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
        values = json.loads(text) if Path(path).suffix == ".json" else read_yaml(text)
    except OSError as error:
        raise InputError(f"{name}: can't be read ({error.strerror}); give a config file") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: not a config file: {' '.join(str(error).split())}") from None
    if values is not None and not isinstance(values, dict):
        raise InputError(f"{name}: holds no sections; a config file is a list of `section:` with `key: value` in each")
    return Layer(name, plain(values or {}))


def layers_of(base: str | Path | None, overlays: Sequence[str | Path], command_line: Mapping[str, Any]) -> list[Layer]:
    """All that a run is told, in the order in which the later one wins; an overlay that is the base counts once."""
    base_paths = [] if base is None else [base]
    paths = base_paths + [path for path in overlays if not _same(path, base)]
    said = [Layer(COMMAND_LINE, plain(command_line))] if command_line else []
    return [read_layer(path) for path in paths] + said


def origin(layers: Sequence[Layer], place: tuple, *, whole: bool = False) -> str | None:
    """The layer that gives the value at a place, or unless ``whole`` the longest part of it; None: it is a default."""
    for depth in range(len(place), len(place) - 1 if whole else 0, -1):
        for layer in reversed(layers):
            if _has(layer.values, place[:depth]):
                return layer.name
    return None


def contradictions(layers: Sequence[Layer], before: Mapping[str, Any]) -> list[str]:
    """Keys that one overlay changes and a later one changes again or sets back, one line each.

    Parameters
    ----------
    layers : sequence of Layer
        The overlays in order, without the base and the command line.
    before : mapping
        The config that they change, every key there.
    """
    changed: dict[tuple, tuple[Any, str]] = {}
    lines = []
    for layer in layers:
        for place, value in leaves(layer.values):
            first = changed.get(place)
            if first is None and value != at(before, place):
                changed[place] = (value, layer.name)
            elif first is not None and value != first[0]:
                lines.append(
                    f"{first[1]}, {layer.name}: {'.'.join(place)}: one says {_brief(first[0])}, the other "
                    f"{_brief(value)}; keep it in one of the two files"
                )
    return lines


def leaves(values: Mapping[str, Any], above: tuple = ()) -> Iterator[tuple[tuple, Any]]:
    """Place and value of each key that is no section."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*above, name))
        else:
            yield (*above, name), value


def at(values: Any, place: tuple) -> Any:
    """The value at a place; None where there is none."""
    for step in place:
        if not isinstance(values, Mapping) or step not in values:
            return None
        values = values[step]
    return values


def _has(values: Any, place: tuple) -> bool:
    for step in place:
        if not isinstance(values, Mapping) or step not in values:
            return False
        values = values[step]
    return True


def _same(one: str | Path, other: str | Path | None) -> bool:
    return other is not None and Path(one).resolve() == Path(other).resolve()


def _short(path: str | Path) -> str:
    path = Path(path)
    return str(path.relative_to(Path.cwd())) if path.is_absolute() and path.is_relative_to(Path.cwd()) else str(path)


def _brief(value: Any) -> str:
    return json.dumps(value)
