"""The workflow as a graph of its rules, module by module (Figure 1)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import networkx as nx
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from mstars.core.errors import InputError
from mstars.paper.figures.colours import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, YELLOW
from mstars.paper.figures.style import PAGE_WIDTH, new_figure, no_data, styled

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
"""Modules shown and their colours; rules of other files are not drawn."""

LANES = (
    ("simulate", "templates"),
    ("ingest",),
    ("crossmatch",),
    ("scm",),
    ("dgcm",),
    ("rvmm",),
    ("spmm",),
    ("catalog",),
)
"""Modules of each column, left to right and from the top."""

STAGES = ("scm", "dgcm", "rvmm", "spmm")
SHARED_MODULES = ("networks", "review")
"""Rules of these modules are drawn in each of the `STAGES` that uses them."""

ROW = 1.0
"""Distance between two boxes of a column."""


def parse_rulegraph(dot: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Rules and edges from what ``snakemake --rulegraph dot`` prints.

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


def ask_rulegraph(snakefile: Path, config: Mapping, target: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The rules that a target needs, as Snakemake tells them in the folder of the results.

    Parameters
    ----------
    snakefile : Path
    config : mapping
        Of the run.
    target : str
        A rule or a file.

    Returns
    -------
    rules, edges
        Of `parse_rulegraph`.

    Raises
    ------
    InputError
        Snakemake ends with an error.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "config.json"
        given.write_text(json.dumps(config))
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile), "--nolock"]
        command += ["--configfile", str(given), "--rulegraph", "dot", "--quiet", "all"]
        # by time alone, so that nothing hides the jobs of the batches
        command += ["--rerun-triggers", "mtime", "--", target]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"snakemake --rulegraph: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    return parse_rulegraph(done.stdout)


def rule_modules(folder: str | Path) -> dict[str, str]:
    """For every rule and checkpoint its module: the name of its rules file.

    Parameters
    ----------
    folder : str or Path
        Of the rules files.
    """
    modules = {}
    for path in sorted(Path(folder).rglob("*.smk")):
        for name in re.findall(r"^ *(?:rule|checkpoint|use rule \w+ as) (\w+)(?::| with:)", path.read_text(), re.M):
            modules[name] = "spmm" if path.parent.name == "engines" else path.stem
    return modules


def depths(rules: list[str], edges: list[tuple[str, str]]) -> dict[str, int]:
    """Longest way from a source to each rule; rules on one circle have the same depth."""
    graph = nx.DiGraph()
    graph.add_nodes_from(rules)
    graph.add_edges_from(edge for edge in edges if edge[0] in graph and edge[1] in graph)
    circles = nx.condensation(graph)
    generations = enumerate(nx.topological_generations(circles))
    return {rule: depth for depth, group in generations for one in group for rule in circles.nodes[one]["members"]}


def unfold(
    rules: list[str], edges: list[tuple[str, str]], modules: dict[str, str]
) -> tuple[list[str], list[tuple[str, str]], dict[str, str]]:
    """Draw shared rules once in each stage that uses them, named ``rule@stage``, so that no circle is left.

    A stage uses a shared rule when it comes before and after it, where other shared rules may lie between. An edge from
    a rule of a stage goes to that stage's own copy. Where this would close a circle, because the stage's result is the
    next queue, it goes to the copy of the next stage.

    Parameters
    ----------
    rules : list of str
    edges : list of tuple
        (from, to).
    modules : dict of str to str
        From `rule_modules`.

    Returns
    -------
    rules, edges, modules
        As given, with the copies in place of the shared rules.
    """
    shared = [rule for rule in rules if modules.get(rule) in SHARED_MODULES]
    before = {rule: _stages(rule, [(b, a) for a, b in edges], modules, shared) for rule in shared}
    after = {rule: _stages(rule, edges, modules, shared) for rule in shared}
    users = {rule: [stage for stage in STAGES if stage in before[rule] & after[rule]] for rule in shared}
    copies = [f"{rule}@{stage}" for rule in shared for stage in users[rule]]
    found = []
    for first, second in edges:
        if first in shared and second in shared:
            both = [stage for stage in users[first] if stage in users[second]]
            found += [(f"{first}@{stage}", f"{second}@{stage}") for stage in both]
        elif second in shared:
            found += [(first, f"{second}@{stage}") for stage in _goes_to(first, second, users[second], edges, modules)]
        elif first in shared:
            own = modules.get(second)
            found += [(f"{first}@{stage}", second) for stage in users[first] if own == stage or own not in STAGES]
        else:
            found.append((first, second))
    places = {copy: copy.split("@")[1] for copy in copies}
    return [rule for rule in rules if rule not in shared] + copies, found, {**modules, **places}


def _stages(rule, edges, modules, shared) -> set[str]:
    """Stages whose rules follow this one, directly or behind other shared rules."""
    found, seen, ways = set(), {rule}, [rule]
    while ways:
        last = ways.pop()
        for first, second in edges:
            if first == last and second not in seen:
                seen.add(second)
                found.add(modules.get(second))
                ways += [second] if second in shared else []
    return found & set(STAGES)


def _goes_to(first, shared_rule, users, edges, modules) -> list[str]:
    own = modules.get(first)
    if own not in STAGES:
        return users
    if own in users and (shared_rule, first) not in edges:
        return [own]
    return [stage for stage in users if STAGES.index(stage) > STAGES.index(own)][:1]


def essential(edges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges without those that a longer way says already, so that a graph can be read.

    What can be reached from a rule stays the same. Edges within a circle stay as they are.
    """
    graph = nx.DiGraph(edges)
    circles = nx.condensation(graph)
    least = nx.transitive_reduction(circles)
    place = circles.graph["mapping"]

    def needed(first: str, second: str) -> bool:
        return first != second and (place[first] == place[second] or least.has_edge(place[first], place[second]))

    return [edge for edge in dict.fromkeys(edges) if needed(*edge)]


@styled
def draw_rulegraph(rules: list[str], edges: list[tuple[str, str]], modules: dict[str, str]) -> Figure:
    """Rules as boxes, a column a module, with an arrow where one needs another (Figure 1).

    An arrow is left out where a longer way says the same. Rules that stages share have a dashed frame.

    Parameters
    ----------
    rules, edges
        From `parse_rulegraph`.
    modules : dict of str to str
        From `rule_modules`.
    """
    rules, edges, modules = unfold(rules, edges, modules)
    shown = [rule for rule in rules if any(modules.get(rule) in group for group in LANES)]
    columns = [group for group in LANES if any(modules[rule] in group for rule in shown)]
    if not shown:
        figure = new_figure(PAGE_WIDTH, 2.0)
        no_data(figure.subplots(), "the rule graph is empty")
        return figure
    edges = [edge for edge in edges if edge[0] in shown and edge[1] in shown]
    places, heads = {}, []
    for x, group in enumerate(columns):
        y = 0.0
        for module in group:
            own = [rule for rule in shown if modules[rule] == module]
            if not own:
                continue
            heads.append((float(x), y, module, len(own)))
            depth = depths(own, edges)
            own.sort(key=lambda rule, depth=depth: (depth[rule], rule))
            places |= {rule: (float(x), y - 0.75 - number * ROW) for number, rule in enumerate(own)}
            y -= 1.0 + len(own) * ROW
    edges = essential(edges)
    deepest = min(y for _, y in places.values())
    figure = new_figure(PAGE_WIDTH, 0.2 + 0.36 * (0.5 - deepest))
    axes = figure.subplots()
    axes.set_axis_off()
    for x, y, module, count in heads:
        _lane(axes, x, y, module, count)
    for first, second in edges:
        _edge(axes, places[first], places[second])
    for rule, (x, y) in places.items():
        color = MODULES[modules[rule]]
        box = FancyBboxPatch((x - 0.36, y - 0.3), 0.72, 0.6, boxstyle="round,pad=0.01,rounding_size=0.08")
        shared = "@" in rule
        box.set(facecolor="white", edgecolor=color, linewidth=0.7, linestyle="--" if shared else "-", zorder=2)
        axes.add_patch(box)
        name = rule.split("@")[0]
        name = name.replace("_", "\n", 1) if len(name) > 9 else name
        axes.text(x, y, name.replace("_", " "), ha="center", va="center", fontsize=5, linespacing=0.95, zorder=3)
    axes.set_xlim(-0.62, len(columns) - 0.3)
    axes.set_ylim(deepest - 0.7, 0.35)
    return figure


def _lane(axes, x: float, y: float, module: str, count: int) -> None:
    """The background of a module's boxes with its name."""
    height = 0.62 + count * ROW
    lane = FancyBboxPatch((x - 0.43, y + 0.25 - height), 0.86, height, boxstyle="round,pad=0,rounding_size=0.1")
    lane.set(facecolor=[0.18 * part + 0.82 for part in to_rgb(MODULES[module])], edgecolor="none", zorder=0)
    axes.add_patch(lane)
    axes.text(x, y, module.upper(), ha="center", va="center", fontsize=5.5, weight="bold", zorder=3)


def _edge(axes, start, end) -> None:
    """An arrow: down a column from box to box, else from side to side."""
    down = start[0] == end[0]
    if down:
        first, last = (start[0], start[1] - 0.31), (end[0], end[1] + 0.31)
        bend = "arc3,rad=0" if 0 < start[1] - end[1] < 1.5 * ROW else "arc3,rad=-0.5"
        if bend != "arc3,rad=0":
            side = 0.37 if start[1] > end[1] else -0.37  # beside the boxes: down on the right, up on the left
            bend = bend if side > 0 else "arc3,rad=-0.15"
            first, last = (start[0] + side, start[1]), (end[0] + side, end[1])
    else:
        way = 1 if end[0] > start[0] else -1
        first, last = (start[0] + 0.37 * way, start[1]), (end[0] - 0.37 * way, end[1])
        bend = "arc3,rad=0.04"
    style = {"arrowstyle": "-|>", "mutation_scale": 4.5, "lw": 0.5, "color": "0.25", "shrinkA": 0, "shrinkB": 0}
    axes.add_patch(FancyArrowPatch(first, last, connectionstyle=bend, zorder=1, **style))
