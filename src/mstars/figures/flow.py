"""How many spectra go where: the flow of counts, ours and the paper's."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from mstars.figures.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PAGE_WIDTH,
    PURPLE,
    RED,
    SKY,
    new_figure,
    no_data,
    styled,
)

NODES = {
    "n_input": (0.0, "M_Catalog_V0", GREY),
    "n_v1": (1.0, "M_Catalog_V1", SKY),
    "n_dm": (2.0, "V2: dM", RED),
    "n_gm": (2.0, "V2: gM", BLUE),
    "parameter_flag_dm": (3.0, "dM, parameters\nrecommended", RED),
    "parameter_flag_gm": (3.0, "gM, parameters\nrecommended", BLUE),
    "scm_non_m": (1.0, "non-M (SCM)", ORANGE),
    "dgcm_non_m": (2.0, "non-M (DGCM)", ORANGE),
}
"""Key of the count: column, name, colour."""

LINKS = (
    ("n_input", "n_v1", "n_v1"),
    ("n_input", "scm_non_m", "scm_non_m"),
    ("n_v1", "n_dm", "n_dm"),
    ("n_v1", "n_gm", "n_gm"),
    ("n_v1", "dgcm_non_m", "dgcm_non_m"),
    ("n_dm", "parameter_flag_dm", "parameter_flag_dm"),
    ("n_gm", "parameter_flag_gm", "parameter_flag_gm"),
)
"""From, to, the count that flows."""

ASIDE = (
    (
        0.5,
        "SCM",
        (
            ("spt_not_k_m", "SPT not K, M"),
            ("wdm_wd", "WDM = WD"),
            ("cmd_outside", "outside CMD"),
            ("scm_candidates", "candidates"),
        ),
    ),
    (
        1.5,
        "DGCM",
        (
            ("lamost_gm_v1", "gM: LAMOST"),
            ("cnn_gm_v1", "gM: CNN"),
            ("cmd_gm", "gM: CMD"),
            ("dgcm_candidates", "candidates"),
            ("class_corrected", "corrected"),
        ),
    ),
    (
        2.5,
        "RVMM",
        (
            ("rv_suspect", "suspect"),
            ("rv_fast", "|RV| > 150"),
            ("rv_candidates", "candidates"),
            ("rv_updated", "updated"),
            ("rv_none", "no RV"),
        ),
    ),
)
"""Column, module, counts written above."""


@styled
def draw_flow(numbers: pd.DataFrame, title: str) -> Figure:
    """The flow of counts as bands, with the paper's counts in parentheses.

    Parameters
    ----------
    numbers : pandas.DataFrame
        Of `mstars.compare.numbers.compare_numbers`: key, ours, paper.
    title : str
        Above the figure.
    """
    table = numbers[numbers["key"] != ""].set_index("key")
    ours, paper = table["ours"].to_dict(), table["paper"].to_dict()
    figure = new_figure(PAGE_WIDTH, 4.2)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_title(title, fontsize=8)
    if not ours.get("n_input", 0) > 0:
        no_data(axes, "no spectrum in the input catalogue")
        return figure
    height = {key: _height(ours.get(key, 0), ours["n_input"]) for key in NODES}
    bottom = _places(height)
    for first, second, key in LINKS:
        _band(axes, first, second, height[key], bottom, height)
    for key, (x, name, color) in NODES.items():
        axes.add_patch(_box(x - 0.03, bottom[key], 0.06, height[key], color))
        y = bottom[key] + height[key] / 2
        axes.text(x + 0.05, y, f"{name}\n{_count(ours, paper, key)}", va="center", fontsize=6)
    for x, name, keys in ASIDE:
        lines = [f"{label}: {_count(ours, paper, key)}" for key, label in keys]
        axes.text(x, 1.62, name, ha="center", va="top", fontsize=7, weight="bold", color=PURPLE)
        axes.text(x, 1.55, "\n".join(lines), ha="center", va="top", fontsize=5.5, linespacing=1.35, color=GREEN)
    axes.text(0.0, -0.42, "ours (the paper's); heights: square root of the share", fontsize=6, color=GREY)
    axes.set_xlim(-0.1, 3.75)
    axes.set_ylim(-0.45, 1.65)
    return figure


def _count(ours: dict, paper: dict, key: str) -> str:
    own = ours.get(key, np.nan)
    return f"{'-' if not np.isfinite(own) else f'{own:,.0f}'} ({paper[key]:,.0f})"


def _height(count: float, total: float) -> float:
    """Square root of the share, so that few of many are still seen; never less than a hair."""
    return max(float(np.sqrt(max(np.nan_to_num(count), 0.0) / total)), 0.008)


def _places(height: dict) -> dict[str, float]:
    """Lower edge of each node: M stars above each other from 0, what is removed below."""
    bottom = {"n_input": 0.0, "n_v1": 0.0, "n_gm": 0.0, "parameter_flag_gm": 0.0}
    bottom["n_dm"] = height["n_gm"] + 0.05
    bottom["parameter_flag_dm"] = bottom["n_dm"]
    for key in ("scm_non_m", "dgcm_non_m"):
        bottom[key] = -0.12 - height[key]
    return bottom


def _box(x: float, y: float, width: float, height: float, color: str) -> PathPatch:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    return PathPatch(Path(corners), facecolor=color, edgecolor="none")


def _band(axes, first: str, second: str, thick: float, bottom: dict, height: dict) -> None:
    """A band that leaves the first node at the place of what flows and bends into the second."""
    x0, x1, y1 = NODES[first][0] + 0.03, NODES[second][0] - 0.03, bottom[second]
    down = second.endswith("non_m")
    share = min(thick, height[first])
    y0 = bottom[first] if down or second.endswith("_gm") else bottom[first] + height[first] - share
    middle = (x0 + x1) / 2
    points = [(x0, y0), (middle, y0), (middle, y1), (x1, y1), (x1, y1 + thick)]
    points += [(middle, y1 + thick), (middle, y0 + share), (x0, y0 + share), (x0, y0)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(points, codes), facecolor=NODES[second][2], alpha=0.3, edgecolor="none"))
