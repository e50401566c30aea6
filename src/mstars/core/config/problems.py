"""What is wrong with a config, one line for each key: its place, its value and what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from mstars.core.config.schema import allowed, node_at, schema_of


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    place : tuple of str or int
        Key within its section or the config.
    text : str
        What is wrong, and what is allowed.
    """

    place: tuple
    text: str

    def line(self, above: str = "") -> str:
        """The problem with the key's full name."""
        name = ".".join([*([above] if above else []), *map(str, self.place)])
        return f"{name}: {self.text}" if name else self.text


def problems_in(tree: Mapping[str, Any], values: Mapping[str, Any], above: tuple = ()) -> Iterator[Problem]:
    """Problems of a filled config.

    Parameters
    ----------
    tree : mapping
        Sections by name (`mstars.core.config.whole.section_tree`).
    values : mapping
        The config.
    """
    for name, value in values.items():
        place = (*above, name)
        if name not in tree:
            yield Problem(place, unknown(name, list(tree), "engine" if above == ("engines",) else "section"))
        elif not isinstance(value, Mapping):
            yield Problem(place, f"{value!r} is not a section; give its keys, or leave it out")
        elif isinstance(tree[name], Mapping):
            yield from problems_in(tree[name], value, place)
        else:
            try:
                tree[name].model_validate(value)
            except ValidationError as error:
                for problem in problems_of(error, tree[name], value):
                    yield Problem((*place, *problem.place), problem.text)


def problems_of(error: ValidationError, model: type[BaseModel], values: Mapping[str, Any]) -> list[Problem]:
    """Problems that pydantic found in the values of one model, one for each key."""
    schema, found = schema_of(model), {}
    for one in error.errors(include_url=False, include_context=False):
        place, value = _reached(values, one["loc"])
        if place in found:  # each way that a value could have been right is an error of its own
            continue
        if one["type"] == "extra_forbidden":
            known = list(node_at(schema, place[:-1]).get("properties", {}))
            found[place] = unknown(
                place[-1], known, "key", elsewhere=_places(schema, place[-1], getattr(model, "PLACE", ""))
            )
        elif one["type"] == "missing":
            found[place] = f"lacks the key {one['loc'][-1]!r}"
        elif one["type"] == "value_error":
            found[place] = one["msg"].removeprefix("Value error, ")
        else:
            node = _with_unit(schema, place)
            found[place] = f"{value!r} is not allowed; give {allowed(node)}{_hint(value, node)}"
    return [Problem(place, text) for place, text in found.items()]


def unknown(name: Any, known: list[str], what: str, elsewhere: list[str] | None = None) -> str:
    """Says that there is no such key, and which was meant."""
    near = elsewhere or difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    if near:
        return f"no such {what}; did you mean {' or '.join(near)}?"
    return f"no such {what}; there are: {', '.join(known) or 'none'}"


def _with_unit(schema: dict, place: tuple) -> dict:
    """Schema of a key or an item; an item has the unit of its list."""
    node = node_at(schema, place)
    units = [node_at(schema, place[:depth]).get("unit") for depth in range(len(place), 0, -1)]
    unit = next(filter(None, units), None)
    return node if unit is None else {**node, "unit": unit}


def _reached(values: Any, loc: tuple) -> tuple[tuple, Any]:
    """The part of an error's place that is in the values, and the value there; the rest names ways pydantic tried."""
    place = []
    for step in loc:
        inside = isinstance(values, Mapping) and step in values
        if not inside and not (isinstance(step, int) and isinstance(values, (list, tuple)) and step < len(values)):
            break
        values = values[step]
        place.append(step)
    return tuple(place), values


def _places(schema: dict, name: Any, above: str) -> list[str]:
    """Full names of the keys of this name within a section."""
    found = []
    for key, node in schema.get("properties", {}).items():
        full = f"{above}.{key}" if above else key
        found += [full] if key == name else []
        found += _places(node, name, full)
    return found


def _hint(value: Any, node: dict) -> str:
    """Why YAML did not read what was meant."""
    if isinstance(value, bool) and ("enum" in node or node.get("type") == "string"):
        return "; write off, on, yes and no in quotes"
    if isinstance(value, str):
        number = re.fullmatch(r"\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*(.*?)\s*", value)
        if number and number[2]:
            return ", without a unit"
        if number and "e" in value.lower():
            return "; YAML takes 1e-4 as text, write 1.0e-4"
        if number:
            return ", without quotes"
    return ""
