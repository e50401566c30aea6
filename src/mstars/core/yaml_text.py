"""YAML from outside: plain values alone, no key twice, and no more of them than a person writes."""

from __future__ import annotations

from typing import Any

import yaml

MOST_VALUES = 100_000
"""A few lines of anchors and aliases can stand for more values than memory holds."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML in which no key stands twice; its tags make nothing but plain values."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:merge" and not isinstance(key.value, list) and key.value in seen:
                line = key.start_mark.line + 1
                raise yaml.constructor.ConstructorError(None, None, f"line {line}: {key.value} stands here twice", None)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> Any:
    """The values of a YAML text.

    Raises
    ------
    ValueError
        It is no YAML of plain values, a key stands twice in a section, or it stands for more than `MOST_VALUES` values.
    """
    try:
        values = yaml.load(text, Loader=_Loader)
        n_values = _count(values, {})
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
    except RecursionError:
        raise ValueError("nested too deep, or within itself") from None
    if n_values > MOST_VALUES:
        raise ValueError(f"stands for more than {MOST_VALUES} values, by its aliases")
    return values


def _count(value: Any, known: dict[int, int]) -> int:
    """Values of a tree, each as often as it is met."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        items = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_count(item, known) for item in items)
    return known[id(value)]
