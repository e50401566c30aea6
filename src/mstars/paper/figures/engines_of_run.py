"""Figures of the engines, from the tables of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from mstars.files.tables import read_table
from mstars.literature.engine_groups import KEYS
from mstars.literature.engine_labels import Source, read_sources
from mstars.paper.figures import engine_diagrams, engine_pairs
from mstars.paper.isochrones import pick

CRITERIA = "zhang2025"
"""Whose pairs the figure shows: the strictest."""

Files = Mapping[str, str | Sequence[str]]


def engines_of(sources: Sequence[Source]) -> list[str]:
    """Names of the engines among the sources."""
    return [one.name for one in sources if one.kind == "engine"]


def draw(name: str, files: Files) -> Figure:
    """A figure by its name.

    Parameters
    ----------
    name : str
        diagrams, repeats, groups, ``offsets_{kind}``, ``trends_{kind}`` or ``matrix_{label}_{kind}``.
    files : mapping
        Inputs of the rule figure_engines: table, sources, statistics, differences, isochrones (a list).
    """
    sources, (what, _, rest) = read_sources(files["sources"]), name.partition("_")
    if what in ("offsets", "trends"):
        drawn = {"offsets": engine_pairs.draw_offsets, "trends": engine_pairs.draw_trends}[what]
        return drawn(read_table(files["statistics"]), sources, rest)
    if what == "groups":
        stars = read_table(files["differences"])
        differences = {key: part.drop(columns=list(KEYS)) for key, part in stars.groupby(list(KEYS), sort=False)}
        return engine_diagrams.draw_groups(differences, sources, CRITERIA)
    table = read_table(files["table"])
    if what == "matrix":
        label, _, kind = rest.rpartition("_")
        return engine_pairs.draw_matrix(table, sources, label, kind)
    if what == "repeats":
        return engine_diagrams.draw_repeats(table, sources, engine_diagrams.precision_of(table, engines_of(sources)))
    isochrones = [curve for path in files["isochrones"] for curve in pick(read_table(path))]
    return engine_diagrams.draw_diagrams(table, sources, isochrones)
