"""The config is checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mstars.core.config.files import BASE, Layer, contradictions, origin
from mstars.core.config.keys import plain
from mstars.core.config.problems import Problem, problems_in
from mstars.core.config.whole import Engines, filled, section_tree
from mstars.core.errors import InputError


def checked(
    config: Mapping[str, Any], engines: Engines | None = None, layers: Sequence[Layer] = (), *, base: str = BASE
) -> dict[str, Any]:
    """The config with every key, refused if anything in it is wrong.

    Parameters
    ----------
    config : mapping
        What the files say, merged.
    engines : mapping of str to model, optional
        The engines there are (`mstars.core.config.whole.Engines`).
    layers : sequence of Layer, optional
        The files, to say which of them is wrong, and whether two of them contradict each other.
    base : str
        Name of the layer that overlays change.

    Returns
    -------
    dict
        Plain nested values (`mstars.core.config.whole.filled`).

    Raises
    ------
    InputError
        One line for each problem: file, key, value and what is allowed.
    """
    result = filled(config, engines)
    problems = [*problems_in(section_tree(engines), result), *_engine_problems(result, engines or {})]
    problems += [] if problems else [*_without_spectra(result), *_reserved_name(result), *_wildcards(result)]
    lines = [_with_file(problem, layers) for problem in _stated(problems, plain(config))]
    overlays = [layer for layer in layers if layer.name != base and not layer.name.startswith("command line")]
    if len(overlays) > 1:
        first = next((layer.values for layer in layers if layer.name == base), {})
        lines += contradictions(overlays, filled(first, engines))
    if lines:
        raise InputError("config: " + "\n        ".join(lines))
    return result


def _stated(problems: list[Problem], config: dict) -> list[Problem]:
    """Without those that a section inherited: they are told where they stand."""
    own = [problem for problem in problems if _is_in(config, problem.place)]
    return own or problems


def _is_in(values: Any, place: tuple) -> bool:
    for step in place:
        if isinstance(values, Mapping) and step in values:
            values = values[step]
        elif isinstance(values, list) and isinstance(step, int) and step < len(values):
            values = values[step]
        else:
            return False
    return True


def _with_file(problem: Problem, layers: Sequence[Layer]) -> str:
    where = origin(layers, problem.place)
    return problem.line() if where is None else f"{where}: {problem.line()}"


NEEDED = {"simulated": (), "files": ("files.spectra",), "release": ("release.spectra", "release.m_catalog")}
"""Keys that a survey of a kind can't do without."""


def _without_spectra(config: dict) -> list[Problem]:
    """Keys that this kind of survey needs and that are null."""
    kind = config["survey"]["kind"]
    if kind == "release" and "lamost" in config["acquire"]["fetch"]:
        return []
    places = [tuple(name.split(".")) for name in NEEDED[kind]]
    empty = [(section, name) for section, name in places if config[section][name] is None]
    return [Problem(place, f"must be given where survey.kind is {kind}; give a path") for place in empty]


RESERVED = ("templates", "isochrones", "bundles")
"""Folders of results/ that are no survey's."""


def _reserved_name(config: dict) -> list[Problem]:
    """A survey's name that would overwrite what others have made."""
    name, kind = config["survey"]["name"], config["survey"]["kind"]
    place = ("survey", "name")
    if name.lower() in RESERVED:
        return [Problem(place, f"{name!r} is reserved: results/{name} is no survey's folder; choose another name")]
    if name.lower() == "demo" and kind != "simulated":
        return [Problem(place, f"{name!r} is the simulated survey whose models others take; choose another name")]
    return []


HOLDING_PATHS = ("release", "external", "templates", "models", "compare", "figures", "review")
"""Sections whose paths become inputs of rules."""


def _wildcards(config: dict) -> list[Problem]:
    """Paths that Snakemake would take for patterns. Where the spectra are is no rule's input and may be any path."""
    problems = []
    for section in HOLDING_PATHS:
        for place, value in _texts(config[section], (section,)):
            if place != ("release", "spectra") and set(value) & set("{}<>"):
                said = "braces and <> mark wildcards in Snakemake; rename it, or link to it by another name"
                problems.append(Problem(place, f"{value!r}: {said}"))
    return problems


def _texts(value: Any, place: tuple) -> Iterator[tuple[tuple, str]]:
    """Place and value of each text in a tree of sections and lists."""
    if isinstance(value, str):
        yield place, value
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else ()
    for name, item in inner:
        yield from _texts(item, (*place, name))


def _engine_problems(config: dict, engines: Engines) -> list[Problem]:
    """Engines that are named and not there."""
    section = config.get("parameters")
    if not engines or not isinstance(section, dict):
        return []
    also = section.get("also") if isinstance(section.get("also"), list) else []
    named = [(("parameters", "engine"), section.get("engine")), *((("parameters", "also"), name) for name in also)]
    there = ", ".join(engines)
    return [
        Problem(place, f"no engine {name!r}; there are: {there}")
        for place, name in named
        if isinstance(name, str) and name not in engines
    ]
