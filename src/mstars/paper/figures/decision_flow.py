"""The decisions of the four modules as flowcharts, with the numbers of the config in force (Figure 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Polygon

from mstars.paper.figures.colours import BLUE, GREEN, GREY, ORANGE, PURPLE, RED
from mstars.paper.figures.style import PAGE_HEIGHT, PAGE_WIDTH, new_figure, styled

FACES = {"data": "#E8E8E8", "step": "white", "ask": "#FFF3CC", "look": "#DDF0E8"}
"""Colours of boxes: a catalogue, a step, a question, what a person decides."""

SIZES = {"data": (1.5, 0.5), "step": (1.6, 0.62), "ask": (1.75, 0.9), "look": (1.7, 0.62)}
"""Width and height of each kind of box."""


class Node(NamedTuple):
    """A box: its place (to the right, downwards), its kind (a key of `FACES`) and its text."""

    x: float
    y: float
    kind: str
    text: str


class Edge(NamedTuple):
    """An arrow between two boxes by name, and what is written beside it."""

    start: str
    end: str
    says: str = ""


@dataclass(frozen=True)
class Panel:
    """One flowchart."""

    title: str
    color: str
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]


def decision_panels(config: Mapping) -> list[Panel]:
    """Panels 0 to 4: all modules, then SCM, DGCM, RVMM and SPMM.

    Parameters
    ----------
    config : mapping
        The whole config; its numbers and options are written into the boxes.
    """
    return [_overview(config), _scm(config), _dgcm(config), _rvmm(config), _spmm(config)]


def _looked_at(config: Mapping) -> str:
    """Who decides about candidates."""
    if config["review"]["mode"] == "required":
        return "people decide"
    return "people decide,\nelse the consensus"


def _overview(config: Mapping) -> Panel:
    nodes = {
        "v0": Node(0, 0, "data", "M_Catalog_V0"),
        "scm": Node(1.9, 0, "step", "SCM\nM or not?"),
        "v1": Node(3.8, 0, "data", "M_Catalog_V1"),
        "dgcm": Node(5.7, 0, "step", "DGCM\ndM or gM?"),
        "v2": Node(7.6, 0, "data", "M_Catalog_V2"),
        "rvmm": Node(7.6, 1.1, "step", "RVMM\nwhich velocity?"),
        "v3": Node(5.7, 1.1, "data", "M_Catalog_V3"),
        "spmm": Node(3.8, 1.1, "step", "SPMM\nparameters"),
        "end": Node(1.9, 1.1, "data", "recommended\ncatalogue"),
        "non": Node(3.8, -1.0, "data", "non-M_Catalog"),
    }
    edges = (
        *(Edge(*pair) for pair in (("v0", "scm"), ("scm", "v1"), ("v1", "dgcm"), ("dgcm", "v2"), ("v2", "rvmm"))),
        *(Edge(*pair) for pair in (("rvmm", "v3"), ("v3", "spmm"), ("spmm", "end"))),
        Edge("scm", "non", "non-M V1"),
        Edge("dgcm", "non", "non-M V2"),
    )
    return Panel("(0) The workflow", GREY, nodes, edges)


def _scm(config: Mapping) -> Panel:
    scm, radius = config["scm"], config["crossmatch"]["radius_arcsec"]
    classes = [name for name in scm["classes"] if name != "WD"]
    k_star = "neither M\nnor K?" if scm["k_prediction"] != "candidate" else "not M?"
    asked = {
        "spt": (f"CNN-SPT\n{len(classes)} classes", k_star),
        "wdm": ("CNN-WDM\nWD or M", "WD?"),
        "cmd": (f"Gaia CMD\nwithin {radius:g} arcsec", "outside dM and\ngM regions?"),
    }
    if scm["ood"]["use"] != "off":
        asked["ood"] = ("M components,\nZrO", f"score > {scm['ood']['threshold']:g}, or\nan S star?")
    middle = (len(asked) - 1) * 0.95
    nodes = {"v0": Node(middle, 0, "data", "M_Catalog_V0")}
    edges = []
    for number, (name, (step, question)) in enumerate(asked.items()):
        nodes |= {name: Node(1.9 * number, 1.0, "step", step), f"{name}?": Node(1.9 * number, 2.1, "ask", question)}
        edges += [Edge("v0", name), Edge(name, f"{name}?"), Edge(f"{name}?", "look", "yes")]
    nodes |= {
        "look": Node(middle, 3.3, "look", f"candidate:\n{_looked_at(config)}"),
        "v1": Node(middle - 1.4, 4.4, "data", "M_Catalog_V1"),
        "non": Node(middle + 1.4, 4.4, "data", "non-M_Catalog_V1"),
    }
    edges += [Edge("look", "v1", "M, as where\nnone says yes"), Edge("look", "non", "not M")]
    return Panel("(1) SCM: spectral classes", ORANGE, nodes, tuple(edges))


def _dgcm(config: Mapping) -> Panel:
    checked = config["review"]["random_check"]
    asked = {
        "lamost": ("LAMOST's\nclass", "gM?"),
        "cnn": ("CNN-dMgM", "gM?"),
        "cmd": ("Gaia CMD", "in the gM\nregion?"),
    }
    nodes = {"v1": Node(1.9, 0, "data", "M_Catalog_V1")}
    edges = []
    for number, (name, (step, question)) in enumerate(asked.items()):
        nodes |= {name: Node(1.9 * number, 1.0, "step", step), f"{name}?": Node(1.9 * number, 2.1, "ask", question)}
        edges += [Edge("v1", name), Edge(name, f"{name}?"), Edge(f"{name}?", "look", "yes")]
    nodes |= {
        "look": Node(1.9, 3.3, "look", f"candidate:\n{_looked_at(config)}"),
        "dm": Node(-0.2, 3.3, "step", f"dM, {checked} of\nthem checked"),
        "v2": Node(0.9, 4.4, "data", "M_Catalog_V2"),
        "non": Node(3.6, 4.4, "data", "non-M_Catalog_V2"),
    }
    edges += [Edge("lamost?", "dm", "none says yes"), Edge("dm", "v2"), Edge("look", "v2", "dM, gM")]
    edges += [Edge("look", "non", "not M")]
    return Panel("(2) DGCM: dwarfs and giants", PURPLE, nodes, tuple(edges))


def _rvmm(config: Mapping) -> Panel:
    selection, lines = config["rvmm"]["selection"], config["rvmm"]["lines"]
    band = {"outside": "of these", "all": "of all"}[selection["dsal_band"]]
    nodes = {
        "v2": Node(1.9, 0, "data", "M_Catalog_V2"),
        "tm": Node(1.9, 1.0, "step", f"template matching\n(recipe {config['rvmm']['tm']['recipe']})"),
        "tm?": Node(1.9, 2.1, "ask", f"LAMOST within\n{selection['tm_sigma']:g} sigma?"),
        "dsal": Node(-0.1, 2.1, "step", f"DSAL I, else II\n(until {lines['scatter_kms']:g} km/s)"),
        "dsal?": Node(-0.1, 3.3, "ask", f"within {selection['dsal_sigma']:g} sigma\n({band})?"),
        "fast?": Node(3.9, 3.3, "ask", f"|RV| > {selection['check_speed_kms']:g}\nkm/s?"),
        "look": Node(1.8, 4.5, "look", f"candidate:\n{_looked_at(config)}"),
        "again": Node(-0.5, 4.5, "step", "TML7500, DSEL,\nor no velocity"),
        "keep": Node(3.9, 4.5, "step", "LAMOST's\nvelocity"),
        "v3": Node(1.8, 5.6, "data", "M_Catalog_V3"),
    }
    edges = (
        *(Edge("v2", "tm"), Edge("tm", "tm?"), Edge("tm?", "fast?", "yes"), Edge("tm?", "dsal", "no")),
        *(Edge("dsal", "dsal?"), Edge("dsal?", "look", "no"), Edge("dsal?", "fast?", "yes")),
        *(Edge("fast?", "look", "yes"), Edge("fast?", "keep", "no"), Edge("keep", "v3")),
        *(Edge("look", "again", "none fits"), Edge("look", "v3", "LAMOST, TM, DSAL"), Edge("again", "v3")),
    )
    return Panel("(3) RVMM: velocities", BLUE, nodes, edges)


def _spmm(config: Mapping) -> Panel:
    spmm, quality, engine = config["spmm"], config["quality"], config["parameters"]["engine"]
    models = f"{spmm['folds']} CNN-TLMA\neach for" if engine == "cnn" else f"engine {engine}\nfor"
    ranges = "Table 10" if quality["ranges"] == "table_10" else "own members"
    nodes = {
        "v3": Node(0, 0, "data", "M_Catalog_V3"),
        "rest": Node(0, 1.0, "step", "shift to the\nrest frame"),
        "dm": Node(0, 2.0, "step", f"{models} dM, gM"),
        "mean": Node(0, 3.0, "step", "mean and\nspread"),
        "snr?": Node(2.2, 3.0, "ask", "S/N_i > 0?"),
        "error?": Node(2.2, 1.9, "ask", f"error within\n{quality['sigma']:g} sigma\n(Eq. 4)?"),
        "range?": Node(2.2, 0.8, "ask", f"in ranges\nof {ranges}?"),
        "one": Node(4.5, 0.8, "data", "parameter_flag\n= 1"),
        "zero": Node(4.5, 1.9, "data", "parameter_flag\n= 0"),
    }
    edges = (
        *(Edge("v3", "rest"), Edge("rest", "dm"), Edge("dm", "mean"), Edge("mean", "snr?")),
        *(Edge("snr?", "error?", "yes"), Edge("error?", "range?", "yes"), Edge("range?", "one", "yes")),
        *(Edge(name, "zero", "no") for name in ("snr?", "error?", "range?")),
    )
    return Panel("(4) SPMM: stellar parameters", RED, nodes, edges)


@styled
def draw_decisions(config: Mapping) -> Figure:
    """The flowcharts of `decision_panels` on one page (Figure 1).

    Parameters
    ----------
    config : mapping
        The whole config.
    """
    panels = decision_panels(config)
    figure = new_figure(PAGE_WIDTH, 0.9 * PAGE_HEIGHT)
    places = figure.subplot_mosaic([["0", "0"], ["1", "2"], ["3", "4"]], height_ratios=(2.1, 4.6, 4.2))
    for panel, axes in zip(panels, (places[name] for name in "01234"), strict=True):
        _draw_panel(axes, panel)
    handles = [
        FancyBboxPatch((0, 0), 1, 1, facecolor=FACES[kind], edgecolor=GREEN if kind == "look" else "0.3", label=label)
        for kind, label in (("data", "catalogue"), ("step", "step"), ("ask", "question"), ("look", "decision"))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=6)
    return figure


def _draw_panel(axes: Axes, panel: Panel) -> None:
    axes.set_axis_off()
    axes.set_title(panel.title, fontsize=8, color=panel.color, loc="left")
    for node in panel.nodes.values():
        width, height = SIZES[node.kind]
        x, y = node.x, -node.y
        look = {"facecolor": FACES[node.kind], "edgecolor": GREEN if node.kind == "look" else panel.color, "lw": 0.7}
        if node.kind == "ask":
            corners = [(x - width / 2, y), (x, y + height / 2), (x + width / 2, y), (x, y - height / 2)]
            axes.add_patch(Polygon(corners, zorder=2, **look))
        else:
            style = "round,pad=0,rounding_size=0.1" if node.kind != "data" else "square,pad=0"
            axes.add_patch(FancyBboxPatch((x - width / 2, y - height / 2), width, height, style, zorder=2, **look))
        axes.text(x, y, node.text, ha="center", va="center", fontsize=4.8, linespacing=1.0, zorder=3)
    for edge in panel.edges:
        _arrow(axes, panel.nodes[edge.start], panel.nodes[edge.end], edge.says)
    xs, ys = [node.x for node in panel.nodes.values()], [-node.y for node in panel.nodes.values()]
    axes.set_xlim(min(xs) - 1.0, max(xs) + 1.0)
    axes.set_ylim(min(ys) - 0.6, max(ys) + 0.6)


def _arrow(axes: Axes, start: Node, end: Node, says: str) -> None:
    """An arrow from edge to edge: down or up where the boxes lie in different rows, else sideways."""
    first, last = (start.x, -start.y), (end.x, -end.y)
    (wide, high), (wide_end, high_end) = SIZES[start.kind], SIZES[end.kind]
    if start.y == end.y:
        way = 1 if end.x > start.x else -1
        first, last = (first[0] + way * wide / 2, first[1]), (last[0] - way * wide_end / 2, last[1])
    else:
        way = 1 if end.y < start.y else -1
        first, last = (first[0], first[1] + way * high / 2), (last[0], last[1] - way * high_end / 2)
    style = {"arrowstyle": "-|>", "lw": 0.6, "color": "0.3", "shrinkA": 0, "shrinkB": 0, "mutation_scale": 5}
    axes.annotate("", last, first, arrowprops=style, zorder=1)
    if says:
        x, y = 0.62 * first[0] + 0.38 * last[0], 0.62 * first[1] + 0.38 * last[1]
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.3}
        axes.text(x, y, says, ha="center", va="center", fontsize=4.5, color="0.25", bbox=box, zorder=4)
