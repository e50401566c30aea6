"""Kiel diagrams and temperature-colour diagrams with isochrones (Figures 23, 24 and 25)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.stats import binned_statistic_2d

from mstars.paper.figures.colours import BLACK, GREY
from mstars.paper.figures.style import (
    PAGE_HEIGHT,
    PAGE_WIDTH,
    WHITE,
    axis_label,
    density,
    marker_handles,
    marker_style,
    new_figure,
    no_data,
    note,
    span,
    styled,
)

ISOCHRONE_DASHES = ("-", "--", "-.", ":")
"""Line styles of the isochrones, in the order of their metallicities."""

MEAN_COLOURS = {"bp_rp": "Cifuentes et al. 2020 with [M/H] of Mann et al. 2015", "w1_w2": "Cifuentes et al. 2020"}
"""Whose colours isochrones have that come without their own (`mstars.paper.isochrones.with_mean_colours`)."""

MOST_POINTS = 20_000
"""With more spectra, the mean [M/H] of cells is drawn in place of points."""


@styled
def draw_kiel(
    panels: dict[str, pd.DataFrame],
    isochrones: Sequence[pd.DataFrame] = (),
    marked: dict[str, pd.Series] | None = None,
) -> Figure:
    """Kiel diagrams, a row a source of parameters (Figure 23).

    Parameters
    ----------
    panels : dict of str to pandas.DataFrame
        By title: spectrum_key, teff (K), logg, m_h (dex). The left panel shows the density and marked spectra, the
        right one the metallicity.
    isochrones : sequence of pandas.DataFrame
        From `mstars.paper.isochrones.pick`.
    marked : dict of str to pandas.Series, optional
        By marker (``red``, ``orange +``) the spectrum_keys.
    """
    limits = {"x": (4600.0, 2900.0), "y": (6.0, -1.0)}
    labels = (axis_label("teff"), axis_label("logg"))
    return _draw(panels, ("teff", "logg"), labels, limits, list(isochrones), marked or {}, "parameters")


@styled
def draw_colour(
    panels: dict[str, pd.DataFrame],
    colour: str,
    label: str,
    isochrones: Sequence[pd.DataFrame] = (),
    marked: dict[str, pd.Series] | None = None,
) -> Figure:
    """Effective temperature of dwarfs against a colour, a row a source of parameters (Figures 24 and 25).

    Parameters
    ----------
    panels : dict of str to pandas.DataFrame
        By title: spectrum_key, teff (K), m_h (dex) and ``colour`` (mag).
    colour : str
        Column of the colour, the same in the isochrones.
    label : str
        Label of the colour's axis.
    isochrones : sequence of pandas.DataFrame
        From `mstars.paper.isochrones.pick`. Those without the colour are not drawn. Where the colour is of a mean
        relation without metallicity, one line is drawn for all.
    marked : dict of str to pandas.Series, optional
        By marker the spectrum_keys.
    """
    limits = {
        "x": span(*(table[colour] for table in panels.values()), share=0.003),
        "y": span(*(table["teff"] for table in panels.values()), share=0.001),
    }
    lines = []
    for isochrone in isochrones:
        line = isochrone[(isochrone["logg"] > 4) & isochrone[colour].notna()]
        line.attrs["m_h"] = isochrone.attrs["m_h"]
        line.attrs["colours"] = MEAN_COLOURS.get(colour, "") if _has_mean_colour(line, colour) else ""
        lines += [line] if len(line) else []
    if colour == "w1_w2" and lines and lines[0].attrs["colours"]:
        lines = lines[:1]
        lines[0].attrs["m_h"] = f"mean dwarf sequence ({MEAN_COLOURS[colour]})"
    return _draw(panels, (colour, "teff"), (label, axis_label("teff")), limits, lines, marked or {}, "this colour")


def _has_mean_colour(isochrone: pd.DataFrame, colour: str) -> bool:
    """Whether a colour is of stars on the sky, since the isochrone has none of its own."""
    return len(isochrone) > 0 and colour in str(isochrone.get("mean_colours", pd.Series([""])).iloc[0]).split()


def _draw(panels, columns, labels, limits, isochrones, marked, what) -> Figure:
    tables = {title: _complete(table, columns) for title, table in panels.items()}
    figure = new_figure(PAGE_WIDTH, min(0.7 + 1.75 * len(panels), PAGE_HEIGHT))
    rows = figure.subplots(len(panels), 2, squeeze=False, sharex=True, sharey=True)
    low, high = span(*(table["m_h"] for table in tables.values()), share=0.02, margin=0.0)
    artist = None
    for (left, right), (title, table) in zip(rows, tables.items(), strict=True):
        for axes in (left, right):
            axes.set_xlim(limits["x"])
            axes.set_ylim(limits["y"])
        left.set_ylabel(labels[1])
        if not len(table):
            for axes in (left, right):
                no_data(axes, f"{title}: no spectrum with {what}", keep_ticks=True)
            continue
        _marked_panel(left, table, columns, limits, marked)
        artist = _metallicity_panel(right, table, columns, low, high, limits)
        corner = "upper left" if columns == ("teff", "logg") else "lower left"  # where there are no stars
        note(left, f"{title}\n{len(table)} spectra", corner, bbox=WHITE, zorder=6)
        for axes in (left, right):
            for dash, isochrone in zip(ISOCHRONE_DASHES, isochrones, strict=False):
                axes.plot(isochrone[columns[0]], isochrone[columns[1]], color=BLACK, ls=dash, lw=0.7, zorder=4)
    for axes in rows[-1]:
        axes.set_xlabel(labels[0])
    if artist is not None:
        figure.colorbar(artist, ax=rows[:, 1], label=axis_label("m_h"), pad=0.02, fraction=0.04, aspect=40)
    _legend(figure, isochrones, list(marked))
    return figure


def _complete(table: pd.DataFrame, columns: tuple[str, str]) -> pd.DataFrame:
    numbers = table[[*columns, "m_h"]].astype(float)
    return numbers.assign(spectrum_key=table["spectrum_key"]).dropna(subset=list(columns))


def _marked_panel(axes, table: pd.DataFrame, columns, limits, marked: dict) -> None:
    x, y = (table[name].to_numpy() for name in columns)
    density(axes, x, y, color=GREY, size=2.0, extent=(*sorted(limits["x"]), *sorted(limits["y"])), cmap="Greys")
    for marker, keys in marked.items():
        chosen = table["spectrum_key"].isin(keys).to_numpy()
        axes.scatter(x[chosen], y[chosen], zorder=5, rasterized=True, **marker_style(marker))


def _metallicity_panel(axes, table: pd.DataFrame, columns, low: float, high: float, limits):
    table = table.dropna(subset="m_h")
    x, y, m_h = (table[name].to_numpy() for name in (*columns, "m_h"))
    if len(table) > MOST_POINTS:
        ranges = [sorted(limits["x"]), sorted(limits["y"])]
        mean, x_edges, y_edges, _ = binned_statistic_2d(x, y, m_h, "mean", bins=(150, 90), range=ranges)
        return axes.pcolormesh(x_edges, y_edges, np.ma.masked_invalid(mean.T), vmin=low, vmax=high, rasterized=True)
    order = np.argsort(-m_h, kind="stable")
    shades = {"vmin": low, "vmax": high, "linewidths": 0, "rasterized": True}
    return axes.scatter(x[order], y[order], c=m_h[order], s=2.5, **shades)


def _legend(figure: Figure, isochrones, markers: list[str]) -> None:
    handles, foreign = [], ""
    for dash, isochrone in zip(ISOCHRONE_DASHES, isochrones, strict=False):
        m_h = isochrone.attrs["m_h"]
        label = m_h if isinstance(m_h, str) else f"PARSEC 9 Gyr, [M/H] = {m_h:+.1f}"
        handles.append(Line2D([], [], color=BLACK, ls=dash, lw=0.7, label=label))
        foreign = isochrone.attrs.get("colours", "") if not isinstance(m_h, str) else foreign
    handles += marker_handles(markers)
    if handles:
        whose = {"title": f"colours of the lines: {foreign}, not PARSEC's", "title_fontsize": 6} if foreign else {}
        figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=6, handlelength=2.2, **whose)
