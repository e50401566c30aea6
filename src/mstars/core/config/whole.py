"""All sections together, and the config as the rules see it: plain values, every key there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from mstars.core.config.archives import Acquire
from mstars.core.config.classes import Dgcm, Scm
from mstars.core.config.keys import Section, notes, own_defaults, plain
from mstars.core.config.networks import Networks
from mstars.core.config.outputs import Catalog, Compare, Figures, Validate
from mstars.core.config.parameters import Parameters, Quality, Spmm
from mstars.core.config.sky import Crossmatch, Photometry
from mstars.core.config.survey import (
    External,
    Files,
    Ingest,
    Models,
    Plan,
    Release,
    Resources,
    Review,
    Simulate,
    Survey,
    Templates,
)
from mstars.core.config.velocities import Rvmm

Engines = Mapping[str, type[BaseModel] | None]
"""The engines there are, each with the model of its section ``engines.{name}``; None: it has no settings of its own."""


Tree = Mapping[str, Any]
"""Sections by name: a model, or a mapping of them."""

SECTIONS: dict[str, type[Section]] = {
    "survey": Survey,
    "simulate": Simulate,
    "files": Files,
    "release": Release,
    "external": External,
    "acquire": Acquire,
    "plan": Plan,
    "ingest": Ingest,
    "templates": Templates,
    "models": Models,
    "resources": Resources,
    "review": Review,
    "crossmatch": Crossmatch,
    "photometry": Photometry,
    "networks": Networks,
    "scm": Scm,
    "dgcm": Dgcm,
    "rvmm": Rvmm,
    "spmm": Spmm,
    "parameters": Parameters,
    "quality": Quality,
    "catalog": Catalog,
    "figures": Figures,
    "compare": Compare,
    "validate": Validate,
}
"""The model of each section, in the order of the documentation."""


def section_tree(engines: Engines | None = None) -> dict[str, Any]:
    """All sections, with those of the engines under ``engines``."""
    return {**SECTIONS, "engines": {name: model for name, model in (engines or {}).items() if model is not None}}


def filled(config: Mapping[str, Any], engines: Engines | None = None) -> dict[str, Any]:
    """The config with a value for every key, unchecked.

    Parameters
    ----------
    config : mapping
        What the files say.
    engines : mapping of str to model, optional
        See `Engines`.

    Returns
    -------
    dict
        Plain nested values: defaults by ``survey.kind``, then what inheriting sections take, then ``config``.
    """
    given = plain(config)
    survey = given.get("survey")
    kind = survey.get("kind") if isinstance(survey, dict) else None
    tree = section_tree(engines)
    result = merged(defaults(tree, kind or Survey.model_fields["kind"].default, given), given)
    for place, source in inheriting(tree):
        *above, name = place
        parent = result
        for step in above:
            parent = parent[step] if isinstance(parent, dict) else None
        if isinstance(parent, dict) and isinstance(result[source], dict):
            parent[name] = merged(result[source], parent[name])
    return result


def defaults(tree: Tree | type[BaseModel], kind: str, given: Any = None) -> dict[str, Any]:
    """Defaults of all keys for a kind of survey; of an inheriting section those that it declares anew.

    ``given`` is what the user's config says here: some defaults follow another key of their section.
    """
    given = given if isinstance(given, dict) else {}
    if isinstance(tree, Mapping):
        return {name: defaults(part, kind, given.get(name)) for name, part in tree.items()}
    result = {}
    for name, field in tree.model_fields.items():
        about = notes(field)
        if "inherits" in about:
            result[name] = own_defaults(field.annotation)
        elif is_section(field.annotation):
            result[name] = defaults(field.annotation, kind, given.get(name))
        elif not field.is_required():
            result[name] = plain(about.get("kinds", {}).get(kind, field.get_default(call_default_factory=True)))
            if "follows" in about:
                other = about["follows"]["key"]
                leader = given.get(other, tree.model_fields[other].default)
                result[name] = about["follows"]["defaults"].get(leader, result[name])
    return result


def inheriting(tree: Tree | type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Place and source of each section that inherits."""
    if isinstance(tree, Mapping):
        for name, part in tree.items():
            yield from inheriting(part, (*above, name))
        return
    for name, field in tree.model_fields.items():
        if "inherits" in notes(field):
            yield (*above, name), notes(field)["inherits"]
        elif is_section(field.annotation):
            yield from inheriting(field.annotation, (*above, name))


def is_section(annotation: Any) -> bool:
    """Is the type of a key a section of its own?"""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def merged(lower: Any, upper: Any) -> Any:
    """``upper`` over ``lower``, section by section, as Snakemake merges config files."""
    if not isinstance(lower, dict) or not isinstance(upper, dict):
        return upper
    return lower | {name: merged(lower.get(name), value) for name, value in upper.items()}
