"""Values of the command line: Snakemake hands on what stands within ``--config section={...}`` as text."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel

from mstars.core.config.whole import Tree


def typed(values: Any, tree: Tree | type[BaseModel]) -> Any:
    """Values of the command line with the types that their keys have.

    Parameters
    ----------
    values : mapping
        Sections of the config, numbers as text: ``{"plan": {"min_spectra": "5"}}``.
    tree : mapping or model
        Sections by name (`mstars.core.config.whole.section_tree`).

    Returns
    -------
    mapping
        ``{"plan": {"min_spectra": 5}}``. What is no number where one is wanted stays text.
    """
    if not isinstance(values, Mapping):
        return values
    if isinstance(tree, Mapping):
        return {name: typed(value, tree.get(name, {})) for name, value in values.items()}
    return {name: _of_type(value, _type_of(tree, name)) for name, value in values.items()}


def _type_of(model: type[BaseModel], name: str) -> Any:
    return model.model_fields[name].annotation if name in model.model_fields else str


def _of_type(value: Any, wanted: Any) -> Any:
    if isinstance(wanted, type) and issubclass(wanted, BaseModel):
        return typed(value, wanted)
    choices = list(_choices(wanted))
    if isinstance(value, list):
        items = [typing.get_args(one)[0] for one in choices if typing.get_origin(one) in (tuple, list)]
        return [_of_type(item, items[0]) for item in value] if items else value
    if isinstance(value, Mapping):
        items = [typing.get_args(one)[1] for one in choices if typing.get_origin(one) is dict]
        return {name: _of_type(item, items[0]) for name, item in value.items()} if items else value
    if not isinstance(value, str) or value in choices:
        return value
    try:
        meant = yaml.safe_load(value)
    except yaml.YAMLError:
        return value
    return value if str in choices and type(meant) not in choices else meant


def _choices(wanted: Any) -> typing.Iterator[Any]:
    """The types and the literal values that a key may have."""
    origin = typing.get_origin(wanted)
    if origin is Annotated:
        yield from _choices(typing.get_args(wanted)[0])
    elif origin is Literal:
        yield from typing.get_args(wanted)
    elif origin in (typing.Union, types.UnionType):
        for one in typing.get_args(wanted):
            yield from _choices(one)
    else:
        yield wanted
