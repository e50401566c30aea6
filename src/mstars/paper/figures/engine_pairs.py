"""Engines beside each other: offsets and scatter, trends, and each pair as a matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from mstars.core.labels import LABELS
from mstars.core.robust import mad_std
from mstars.literature.engine_labels import Source
from mstars.literature.engine_pairs import AXES
from mstars.paper.figures.colours import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY
from mstars.paper.figures.style import (
    LABEL,
    PAGE_WIDTH,
    UNIT,
    WHITE,
    axis_label,
    density,
    new_figure,
    no_data,
    note,
    one_to_one,
    span,
    styled,
)
from mstars.paper.rendering import number_text

COLOURS = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY)
MARKS = ("o", "s", "^", "D", "v", "P")
SHADES = ("0.75", "0.55", "0.35", "0.0")
"""Greys of the S/N_i intervals, the lowest first."""

_MOST = 8000
"""Up to this number of spectra, panels of pairs show points."""

SCALES = {"apogee_dr16": "APOGEE DR16", "starhorse": "StarHorse", "phoenix": "PHOENIX", "truth": "truth"}
"""How figures and tables write a scale; others by their name."""


def scale_text(scale: str) -> str:
    """Whose scale, for people."""
    return SCALES.get(scale, "its own")


def named(source: Source) -> str:
    """Title of a source with its scale in brackets, where the title does not say it."""
    scale = scale_text(source.scale)
    return source.title if scale == source.title else f"{source.title} [{scale}]"


def style_of(number: int) -> dict:
    """Colour and marker of an engine, by its place among the engines."""
    return {"color": COLOURS[number % len(COLOURS)], "marker": MARKS[number % len(MARKS)]}


def rows_of(statistics: pd.DataFrame, engine: str, other: str, **where) -> pd.DataFrame:
    """Rows of engine minus other, whichever of the two stands first in the table."""
    chosen = np.ones(len(statistics), bool)
    for name, value in where.items():
        chosen &= (statistics[name] == value).to_numpy()
    first, second = statistics["first"].to_numpy(), statistics["second"].to_numpy()
    rows = statistics[chosen & (first == engine) & (second == other)]
    turned = statistics[chosen & (first == other) & (second == engine)]
    signs = {name: -turned[name] for name in ("mean", "median", "slope_teff", "slope_m_h")}
    return rows if len(rows) else turned.assign(**signs)


@styled
def draw_offsets(statistics: pd.DataFrame, sources: Sequence[Source], kind: str) -> Figure:
    """Median and robust scatter of each engine minus each other source, for all spectra and by S/N_i.

    Parameters
    ----------
    statistics : pandas.DataFrame
        `mstars.literature.engine_pairs.compare_sources`.
    sources : sequence of Source
    kind : {"dM", "gM"}
    """
    engines = [source for source in sources if source.kind == "engine"]
    others = {label: _with_label(statistics, sources, kind, label) for label in LABELS}
    heights = [0.45 + 0.13 * max(len(others[label]), 3) for label in LABELS]
    figure = new_figure(PAGE_WIDTH, min(1.0 + sum(heights), 9.1))
    panels = figure.subplots(
        len(LABELS), len(engines), squeeze=False, sharey="row", sharex="row", height_ratios=heights
    )
    for row, label in zip(panels, LABELS, strict=True):
        places = np.arange(len(others[label]))[::-1]
        for axes, engine in zip(row, engines, strict=True):
            shown = 0
            for place, other in zip(places, others[label], strict=True):
                where = {"kind": kind, "label": label, "stars": "own"}
                whole = rows_of(statistics, engine.name, other.name, by="all", **where)
                shown += len(whole)
                _forest(axes, place, whole, rows_of(statistics, engine.name, other.name, by="snri", **where))
            axes.axvline(0, color=GREY, lw=0.5)
            axes.set_yticks(places, [named(one) for one in others[label]], fontsize=5.5)
            axes.tick_params(axis="y", which="minor", left=False, right=False)
            axes.set_ylim(-0.7, max(len(places), 1) - 0.3)
            axes.tick_params(axis="x", labelsize=6)
            axes.xaxis.set_major_locator(MaxNLocator(3))
            axes.margins(x=0.08)
            if not shown:
                note(axes, "not measured", "upper left", color=GREY, fontsize=6, bbox=WHITE)
        unit = f" ({UNIT[label]})" if UNIT[label] else ""
        for axes in row:
            axes.set_xlabel(rf"$\Delta$ {LABEL[label]}{unit}", fontsize=7)
    for axes, engine in zip(panels[0], engines, strict=True):
        axes.set_title(f"{named(engine)}\nminus ...".replace(" [", "\n["), fontsize=7)
    low = [int(edge) for edge in AXES["snri"][:-1]]
    names = [f"S/N$_i$ {a}-{b}" for a, b in zip(low[:-1], low[1:], strict=True)] + [f"S/N$_i$ > {low[-1]}"]
    handles = [Line2D([], [], color=BLACK, marker="o", ms=3, lw=1.2, label="all: median, robust scatter")]
    handles += [Line2D([], [], color=c, marker="|", ls="", label=t) for c, t in zip(SHADES, names, strict=True)]
    figure.legend(
        handles=handles, loc="outside upper center", ncols=5, fontsize=6, title=f"{kind}: spectra that both have"
    )
    return figure


def _with_label(statistics: pd.DataFrame, sources: Sequence[Source], kind: str, label: str) -> list[Source]:
    """Sources that a label of a class is compared with."""
    rows = statistics[(statistics["kind"] == kind) & (statistics["label"] == label)]
    there = {*rows["first"], *rows["second"]}
    return [one for one in sources if one.name in there]


def _forest(axes, place: float, whole: pd.DataFrame, by_snr: pd.DataFrame) -> None:
    for one in whole.itertuples():
        axes.plot([one.median - one.robust_std, one.median + one.robust_std], [place, place], color=BLACK, lw=1.0)
        axes.plot(one.median, place, "o", ms=2.5, color=BLACK)
    for one in by_snr.itertuples():
        number = AXES["snri"].index(one.low)
        axes.plot(one.median, place - 0.28, "|", ms=4, mew=1.0, color=SHADES[number])


@styled
def draw_trends(statistics: pd.DataFrame, sources: Sequence[Source], kind: str) -> Figure:
    """Median of each engine minus a reference against Teff, [M/H] and S/N_i.

    The reference is the truth where the survey is simulated, else APOGEE.

    Parameters
    ----------
    statistics, sources, kind
        As for `draw_offsets`.
    """
    engines = [source for source in sources if source.kind == "engine"]
    reference = next((one for one in sources if one.scale == "truth"), None)
    reference = reference or next(one for one in sources if one.kind == "reference")
    figure = new_figure(PAGE_WIDTH, 7.4)
    panels = figure.subplots(len(LABELS), 3, squeeze=False, sharey="row", sharex="col")
    for row, label in zip(panels, LABELS, strict=True):
        for axes, axis in zip(row, ("teff", "m_h", "snri"), strict=True):
            shown = 0
            for number, engine in enumerate(engines):
                where = {"kind": kind, "label": label, "stars": "own", "by": axis}
                rows = rows_of(statistics, engine.name, reference.name, **where)
                at = [_middle(AXES[axis], low) for low in rows["low"]]
                shown += len(rows)
                style = style_of(number) | {"ms": 2.5, "lw": 0.7, "capsize": 1.0, "elinewidth": 0.6}
                shift = (number - (len(engines) - 1) / 2) * {"teff": 12, "m_h": 0.012, "snri": 0}[axis]
                axes.errorbar(np.array(at) + shift, rows["median"], yerr=rows["median_err"], **style)
            axes.axhline(0, color=GREY, lw=0.5)
            if not shown:
                note(axes, f"too few {kind} with both", color=GREY)
        row[0].set_ylabel(axis_label(label, r"$\Delta$ "), fontsize=7)
    panels[-1, 2].set_xscale("log")
    panels[-1, 2].set_xticks([10, 20, 50, 100], ["10", "20", "50", "100"])
    panels[-1, 2].tick_params(axis="x", which="minor", labelbottom=False)
    for axes, axis in zip(panels[-1], ("teff", "m_h", "snr_i"), strict=True):
        axes.set_xlabel(axis_label(axis))
    handles = [Line2D([], [], label=named(one), ms=3, **style_of(number)) for number, one in enumerate(engines)]
    title = f"{kind}: median of engine minus {reference.title}"
    figure.legend(handles=handles, loc="outside upper center", ncols=min(len(handles), 3), fontsize=7, title=title)
    return figure


def _middle(edges: Sequence[float], low: float) -> float:
    """A place for an interval on an axis; an open one is as wide as its neighbour."""
    edges = list(edges)
    number = edges.index(low)
    high = edges[number + 1]
    if edges == AXES["snri"]:
        return float(np.sqrt(max(low, 8.0) * min(high, 200.0)))
    if np.isinf(low):
        low = high - (edges[2] - edges[1])
    return (low + (low + edges[2] - edges[1] if np.isinf(high) else high)) / 2


@styled
def draw_matrix(table: pd.DataFrame, sources: Sequence[Source], label: str, kind: str) -> Figure:
    """Each engine against each other and against the references, one to one.

    Parameters
    ----------
    table : pandas.DataFrame
        `mstars.literature.engine_labels.labels_side_by_side`.
    sources : sequence of Source
    label : str
    kind : {"dM", "gM"}
    """
    rows = table[table["luminosity_class"] == kind]
    known = [one for one in sources if one.kind != "catalogue" and f"{label}_{one.name}" in rows]
    known = [one for one in known if rows[f"{label}_{one.name}"].notna().sum() >= 3]
    if len(known) < 2:
        figure = new_figure(PAGE_WIDTH / 2, 2.5)
        no_data(figure.subplots(), f"fewer than two sources of {label} of {kind}")
        return figure
    n = len(known) - 1
    figure = new_figure(PAGE_WIDTH, min(PAGE_WIDTH * max(n, 2) / max(n, 2), 9.1))
    panels = figure.subplots(n, n, squeeze=False)
    ends = span(*(rows[f"{label}_{one.name}"] for one in known), share=0.005)
    most = 0 if max(rows[f"{label}_{one.name}"].notna().sum() for one in known) > _MOST else _MOST  # all panels alike
    for i, first in enumerate(known[1:]):
        for j, second in enumerate(known[:-1]):
            axes = panels[i, j]
            if j > i:
                axes.set_axis_off()
                continue
            x, y = (rows[f"{label}_{one.name}"].to_numpy(dtype=float) for one in (second, first))
            good = np.isfinite(x) & np.isfinite(y)
            one_to_one(axes, ends)
            if good.sum() < 3:
                no_data(axes, "no common spectra", keep_ticks=True)
            else:
                shown = {"color": style_of(0)["color"], "size": 1.5, "most": most, "bins": 80}
                density(axes, x[good], y[good], extent=(*ends, *ends), **shown)
                axes.set_title(_difference_title((y - x)[good], label), fontsize=5, loc="left", pad=2)
            axes.set_xlabel(named(second).replace(" [", "\n[") if i == n - 1 else "", fontsize=6)
            axes.set_ylabel(named(first).replace(" [", "\n[") if j == 0 else "", fontsize=6)
            axes.tick_params(labelbottom=i == n - 1, labelleft=j == 0)
    title = f"{kind}: {axis_label(label)}; above each panel: row minus column, median and robust scatter"
    figure.suptitle(title, fontsize=8)
    return figure


def _difference_title(off: np.ndarray, label: str) -> str:
    digits = 0 if UNIT[label] == "K" else 2
    middle, width = (number_text(value, digits) for value in (np.median(off), mad_std(off)))
    return rf"{middle} $\pm$ {width} {UNIT[label]}, n = {len(off)}"
