"""The workflow as a graph of its rules, module by module (Figure 1)."""

from __future__ import annotations

import re
from pathlib import Path

from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from mstars.figures.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PAGE_WIDTH,
    PURPLE,
    RED,
    SKY,
    YELLOW,
    new_figure,
    no_data,
    styled,
)

MODULES = {
    "templates": GREY,
    "simulate": GREY,
    "ingest": SKY,
    "crossmatch": YELLOW,
    "networks": GREY,
    "scm": ORANGE,
    "review": GREEN,
    "dgcm": PURPLE,
    "rvmm": BLUE,
    "spmm": RED,
    "catalog": SKY,
}
"""Columns, left to right; rules of other files are not drawn."""


def parse_rulegraph(dot: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Rules and edges of what ``snakemake --rulegraph dot`` prints.

    Returns
    -------
    rules : list of str
        Names, in the order of the text.
    edges : list of tuple
        (from, to).
    """
    names = dict(re.findall(r'^\s*(\d+)\s*\[.*?label\s*=\s*"([^"\\]+)', dot, re.M))
    pairs = re.findall(r"^\s*(\d+)\s*->\s*(\d+)", dot, re.M)
    return list(names.values()), [(names[a], names[b]) for a, b in pairs if a in names and b in names]


def rule_modules(folder: str | Path) -> dict[str, str]:
    """Module (name of its rules file) of every rule and checkpoint."""
    modules = {}
    for path in sorted(Path(folder).rglob("*.smk")):
        for name in re.findall(r"^(?:rule|checkpoint) (\w+):", path.read_text(), re.M):
            modules[name] = path.stem
    return modules


def depths(rules: list[str], edges: list[tuple[str, str]]) -> dict[str, int]:
    """Longest way from a source to each rule; a rule used by several modules may close a circle, which ends it."""
    depth = dict.fromkeys(rules, 0)
    for _ in range(len(rules) - 1):
        for first, second in edges:
            if first in depth and second in depth:
                depth[second] = min(max(depth[second], depth[first] + 1), len(rules))
    return depth


@styled
def draw_rulegraph(rules: list[str], edges: list[tuple[str, str]], modules: dict[str, str]) -> Figure:
    """Rules as boxes, a column a module, with an arrow where one needs another.

    Parameters
    ----------
    rules, edges
        Of `parse_rulegraph`.
    modules : dict
        Of `rule_modules`.
    """
    shown = [rule for rule in rules if modules.get(rule) in MODULES]
    columns = [name for name in MODULES if any(modules[rule] == name for rule in shown)]
    if not shown:
        figure = new_figure(PAGE_WIDTH, 2.0)
        no_data(figure.subplots(), "the rule graph is empty")
        return figure
    places = {}
    for x, module in enumerate(columns):
        own = [rule for rule in shown if modules[rule] == module]
        depth = depths(own, edges)
        own.sort(key=lambda rule: (depth[rule], rule))
        places |= {rule: (float(x), -number - (1 - len(own)) / 2 * 0.5) for number, rule in enumerate(own)}
    deepest = min(y for _, y in places.values())
    figure = new_figure(PAGE_WIDTH, 0.5 + 0.42 * (1 - deepest))
    axes = figure.subplots()
    axes.set_axis_off()
    for first, second in edges:
        if first in places and second in places:
            _edge(axes, places[first], places[second])
    for rule, (x, y) in places.items():
        color = MODULES[modules[rule]]
        box = FancyBboxPatch((x - 0.42, y - 0.22), 0.84, 0.44, boxstyle="round,pad=0.01,rounding_size=0.08")
        paler = [0.35 * part + 0.65 for part in to_rgb(color)]
        box.set(facecolor=paler, edgecolor=color, linewidth=0.6, zorder=2)
        axes.add_patch(box)
        name = rule.replace("_", "\n", 1) if len(rule) > 11 else rule
        axes.text(x, y, name, ha="center", va="center", fontsize=4.4, linespacing=0.95, zorder=3)
    top = max(y for _, y in places.values()) + 0.75
    for x, module in enumerate(columns):
        axes.text(x, top, module.upper(), ha="center", fontsize=6, weight="bold")
    axes.set_xlim(-0.6, len(columns) - 0.4)
    axes.set_ylim(deepest - 0.5, top + 0.4)
    return figure


def _edge(axes, start, end) -> None:
    same = start[0] == end[0]
    first = (start[0], start[1] - 0.23) if same else (start[0] + 0.43 * (1 if end[0] > start[0] else -1), start[1])
    last = (end[0], end[1] + 0.23) if same else (end[0] - 0.43 * (1 if end[0] > start[0] else -1), end[1])
    bend = "arc3,rad=0.0" if same and start[1] - end[1] <= 1 else "arc3,rad=0.25" if same else "arc3,rad=0.06"
    style = {"arrowstyle": "-|>", "mutation_scale": 4, "lw": 0.35, "color": "0.45", "alpha": 0.8}
    axes.add_patch(FancyArrowPatch(first, last, connectionstyle=bend, zorder=0, **style))
