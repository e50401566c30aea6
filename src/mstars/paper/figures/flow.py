"""How many spectra go where: the flow of counts, ours and the paper's."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from mstars.core.classes import CLASS_SUFFIXES
from mstars.paper.figures.colours import BLACK, BLUE, GREY, ORANGE, RED, SKY
from mstars.paper.figures.style import PAGE_WIDTH, new_figure, no_data, styled

NODES = {
    "n_input": (0, "M_Catalog_V0", GREY),
    "n_v1": (1, "M_Catalog_V1", SKY),
    "scm_non_m": (1, "non-M (SCM)", ORANGE),
    "n_dm": (2, "V2: dM", RED),
    "n_gm": (2, "V2: gM", BLUE),
    "dgcm_non_m": (2, "non-M (DGCM)", ORANGE),
    "parameter_flag_dm": (3, "dM, parameters recommended", RED),
    "rest_dm": (3, "dM, others", GREY),
    "parameter_flag_gm": (3, "gM, parameters recommended", BLUE),
    "rest_gm": (3, "gM, others", GREY),
}
"""For each count its column, name and colour; a column is drawn from the top. ``rest_*`` are differences."""

LINKS = (
    ("n_input", "n_v1"),
    ("n_input", "scm_non_m"),
    ("n_v1", "n_dm"),
    ("n_v1", "n_gm"),
    ("n_v1", "dgcm_non_m"),
    ("n_dm", "parameter_flag_dm"),
    ("n_dm", "rest_dm"),
    ("n_gm", "parameter_flag_gm"),
    ("n_gm", "rest_gm"),
)
"""Bands from one node to another, as wide as the second one's count."""

ASIDE = {
    "SCM": {
        "spt_not_k_m": "SPT not K, M",
        "wdm_wd": "WDM = WD",
        "cmd_outside": "outside CMD",
        "scm_candidates": "candidates",
    },
    "DGCM": {
        "lamost_gm_v1": "gM: LAMOST",
        "cnn_gm_v1": "gM: CNN",
        "cmd_gm": "gM: CMD",
        "dgcm_candidates": "candidates",
        "class_corrected": "corrected",
    },
    "RVMM": {
        "rv_suspect": "suspect",
        "rv_fast": "|RV| > 150",
        "rv_candidates": "candidates",
        "rv_updated": "updated",
        "rv_none": "no RV",
        "tm_not_dsal": "TM agrees, DSAL not",
        "dsal_not_tm": "DSAL agrees, TM not",
    },
    "Flags": {
        "before_2012": "before 2012-01-15",
        "rv_flag_share": "rv_flag = 1",
        "parameter_flag_share_dm": "dM: parameter_flag = 1",
        "parameter_flag_share_gm": "gM: parameter_flag = 1",
    },
}
"""For each module the numbers written above the flow, by key, with their names."""

_GAP = 0.1
_THINNEST = 0.004
_HALF = 0.03  # half the width of a node


@styled
def draw_flow(numbers: pd.DataFrame, survey: str, simulated: bool = False) -> Figure:
    """The flow of counts as bands, with the paper's counts in parentheses.

    Parameters
    ----------
    numbers : pandas.DataFrame
        From `mstars.paper.numbers.compare_numbers`: key, unit, ours, paper.
    survey : str
        Its name, for the title.
    simulated : bool
        Whether the survey is simulated: the title then says so.
    """
    table = numbers[numbers["key"] != ""].set_index("key")
    ours, paper = (with_rest(table[side].to_dict()) for side in ("ours", "paper"))
    units = table["unit"].to_dict()
    figure = new_figure(PAGE_WIDTH, 4.6)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_title(f"Flow of counts, survey {survey}" + " (simulated)" * simulated, fontsize=8)
    if not ours.get("n_input", 0) > 0:
        no_data(axes, "no spectrum in the input catalogue")
        return figure
    height = {key: _height(ours.get(key, 0), ours["n_input"]) for key in NODES}
    top = _places(height)
    leaving = dict(top)
    for first, second in LINKS:
        _band(axes, first, second, leaving[first], top[second], height[second])
        leaving[first] -= height[second]
    for key, (x, name, color) in NODES.items():
        axes.add_patch(_box(x - _HALF, top[key] - height[key], 2 * _HALF, height[key], color))
        y = top[key] - height[key] / 2
        axes.text(x + 0.05, y, f"{name}\n{_count(ours, paper, key)}", va="center", fontsize=6)
    for number, (name, keys) in enumerate(ASIDE.items()):
        x = number + 0.02
        lines = [f"{label}: {_count(ours, paper, key, units.get(key, ''))}" for key, label in keys.items()]
        axes.text(x, 1.52, name, va="top", fontsize=7, weight="bold")
        axes.text(x, 1.45, "\n".join(lines), va="top", fontsize=5.5, linespacing=1.35, color=BLACK)
    axes.text(0.0, -0.32, "this survey (the paper's DR10 in parentheses)", fontsize=6, color=BLACK)
    axes.set_xlim(-0.06, 3.85)
    axes.set_ylim(-0.35, 1.54)
    return figure


def with_rest(counts: dict) -> dict:
    """Counts, and for each class the M stars without recommended parameters.

    Parameters
    ----------
    counts : dict of str to float
        By key.
    """
    kinds = tuple(CLASS_SUFFIXES.values())
    return counts | {f"rest_{kind}": counts[f"n_{kind}"] - counts[f"parameter_flag_{kind}"] for kind in kinds}


def _count(ours: dict, paper: dict, key: str, unit: str = "") -> str:
    own, digits = ours.get(key, np.nan), 2 if unit == "%" else 0
    shown = "-" if not np.isfinite(own) else f"{own:,.{digits}f}"
    return f"{shown} ({paper[key]:,.{digits}f}){' %' if unit == '%' else ''}"


def _height(count: float, total: float) -> float:
    """The share of the input; never less than a hair."""
    return max(float(max(np.nan_to_num(count), 0.0) / total), _THINNEST)


def _places(height: dict) -> dict[str, float]:
    """Upper edge of each node: columns of nodes with gaps, from 1 down."""
    top, edge = {}, {}
    for key, (column, _, _) in NODES.items():
        top[key] = edge.get(column, 1.0)
        edge[column] = top[key] - height[key] - _GAP
    return top


def _box(x: float, y: float, width: float, height: float, color: str) -> PathPatch:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    return PathPatch(Path(corners), facecolor=color, edgecolor="none")


def _band(axes, first: str, second: str, start: float, end: float, thick: float) -> None:
    """A band between the upper edges ``start`` and ``end``."""
    x0, x1 = NODES[first][0] + _HALF, NODES[second][0] - _HALF
    middle = (x0 + x1) / 2
    points = [(x0, start), (middle, start), (middle, end), (x1, end), (x1, end - thick)]
    points += [(middle, end - thick), (middle, start - thick), (x0, start - thick), (x0, start)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(points, codes), facecolor=NODES[second][2], alpha=0.3, edgecolor="none"))
