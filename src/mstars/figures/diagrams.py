"""Colour-magnitude and Kiel diagrams: Figures 6 and 23."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mstars.figures.style import (
    BLACK,
    COLUMN_WIDTH,
    GREY,
    axis_label,
    density,
    new_figure,
    no_data,
    note,
    span,
    styled,
)


@styled
def draw_cmd(photometry: pd.DataFrame, polygon: np.ndarray, line: tuple[float, float]) -> Figure:
    """Extinction-corrected Gaia colour-magnitude diagram with the regions of dwarfs and giants (Figure 6).

    Parameters
    ----------
    photometry : pandas.DataFrame
        bp_rp_0 (mag), M_G_0 (mag), CMD_flag; rows with CMD_flag = 1 are shown.
    polygon : ndarray, [4, 2]
        Corners of the dwarf region, going round: colour, M_G.
    line : tuple of float
        Slope and intercept of the giants' limit, M_G = slope * colour + intercept.
    """
    figure = new_figure(COLUMN_WIDTH, 4.0)
    axes = figure.subplots()
    shown = photometry[(photometry["CMD_flag"] == 1) & photometry["bp_rp_0"].notna() & photometry["M_G_0"].notna()]
    axes.set_xlabel(r"$(G_{\rm BP} - G_{\rm RP})_0$ (mag)")
    axes.set_ylabel(r"$M_G$ (mag)")
    if len(shown):
        x, y = shown["bp_rp_0"].to_numpy(float), shown["M_G_0"].to_numpy(float)
        image = density(axes, x, y, extent=(-1.0, 6.0, -8.0, 18.0))
        if image is not None:
            figure.colorbar(image, ax=axes, label="Spectra per cell", pad=0.02, fraction=0.05)
        where = shown["CMD_pos"].value_counts()
        note(axes, "\n".join(f"{name}: {where.get(name, 0)}" for name in ("dM", "gM", "other")), "lower left")
    else:
        no_data(axes, "no spectrum with CMD_flag = 1\n(is there a Gaia catalogue?)")
    closed = np.vstack([polygon, polygon[:1]])
    axes.plot(*closed.T, "--", color=BLACK)
    colour = np.array([0.0, 6.0])
    axes.plot(colour, line[0] * colour + line[1], "--", color=BLACK)
    axes.text(0.4, -4.5, "gM", ha="center")
    axes.text(3.9, 11.0, "dM", ha="center")
    axes.set_xlim(-0.6, 5.6)
    axes.set_ylim(17.5, -7.0)
    return figure


def kiel_panel(axes, table: pd.DataFrame, isochrones: Sequence[pd.DataFrame] = (), title: str = ""):
    """Kiel diagram in one panel, coloured by [M/H]; returns the artist for a colour bar, or None without data.

    Parameters
    ----------
    axes : matplotlib Axes
        Where to draw.
    table : pandas.DataFrame
        teff (K), logg (dex), m_h (dex).
    isochrones : sequence of DataFrame
        Each with teff, logg, and the attribute ``m_h`` in ``attrs``.
    title : str
        Written in a corner.
    """
    shown = table[["teff", "logg", "m_h"]].astype(float).dropna()
    for isochrone in isochrones:
        axes.plot(isochrone["teff"], isochrone["logg"], color=GREY, lw=0.7, zorder=1)
    axes.set_xlabel(axis_label("teff"))
    axes.set_ylabel(axis_label("logg"))
    note(axes, f"{title}\n{len(shown)} spectra" if title else f"{len(shown)} spectra", "upper right")
    axes.set_xlim(4600, 2900)
    axes.set_ylim(6.0, -1.0)
    if not len(shown):
        no_data(axes, "no spectrum with recommended parameters")
        return None
    order = np.argsort(-shown["m_h"].to_numpy(), kind="stable")
    low, high = span(shown["m_h"], share=0.02, margin=0.0)
    return axes.scatter(
        *(shown["teff"].to_numpy()[order], shown["logg"].to_numpy()[order]),
        c=shown["m_h"].to_numpy()[order],
        s=2.5 if len(shown) < 20_000 else 0.3,
        vmin=low,
        vmax=high,
        linewidths=0,
        rasterized=True,
        zorder=2,
    )


@styled
def draw_kiel(panels: dict[str, pd.DataFrame], isochrones: Sequence[pd.DataFrame] = ()) -> Figure:
    """Kiel diagrams under each other, coloured by metallicity (Figure 23).

    Parameters
    ----------
    panels : dict of DataFrame
        By title; each with teff (K), logg, m_h (dex).
    isochrones : sequence of DataFrame
        Of `mstars.figures.isochrones.pick`.
    """
    figure = new_figure(COLUMN_WIDTH, 0.6 + 2.5 * len(panels))
    for axes, (title, table) in zip(figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels.items(), strict=True):
        artist = kiel_panel(axes, table, isochrones, title)
        if artist is not None:
            figure.colorbar(artist, ax=axes, label=axis_label("m_h"), pad=0.02, fraction=0.05)
    if len(isochrones):
        metallicities = ", ".join(f"{isochrone.attrs['m_h']:g}" for isochrone in isochrones)
        figure.suptitle(f"PARSEC, 9 Gyr, [M/H] = {metallicities}", fontsize=7, color=GREY)
    return figure


@styled
def draw_colour(
    panels: dict[str, pd.DataFrame], colour: str, label: str, isochrones: Sequence[pd.DataFrame] = ()
) -> Figure:
    """Effective temperature of dwarfs against a colour, by metallicity (Figures 24 and 25).

    Parameters
    ----------
    panels : dict of DataFrame
        By title; each with teff (K), m_h (dex) and ``colour``.
    colour : str
        Column of the colour, the same in the isochrones.
    label : str
        Label of the colour's axis.
    isochrones : sequence of DataFrame
        Of `mstars.figures.isochrones.pick`; those without the colour are not drawn.
    """
    figure = new_figure(COLUMN_WIDTH, 0.6 + 2.4 * len(panels))
    tables = {title: table[["teff", "m_h", colour]].astype(float).dropna() for title, table in panels.items()}
    limits = span(*(table[colour] for table in tables.values()), share=0.003)
    low, high = span(*(table["m_h"] for table in tables.values()), share=0.02, margin=0.0)
    drawn = False
    for axes, (title, table) in zip(figure.subplots(len(panels), 1, squeeze=False)[:, 0], tables.items(), strict=True):
        axes.set_xlabel(label)
        axes.set_ylabel(axis_label("teff"))
        note(axes, f"{title}\n{len(table)} spectra", "upper right")
        if not len(table):
            no_data(axes, "no dwarf with this colour")
            continue
        for isochrone in isochrones:
            line = isochrone[(isochrone["logg"] > 4) & isochrone[colour].notna()]
            axes.plot(line[colour], line["teff"], color=GREY, lw=0.7, zorder=3)
            drawn |= len(line) > 0
        order = np.argsort(-table["m_h"].to_numpy(), kind="stable")
        x, y, c = (table[name].to_numpy()[order] for name in (colour, "teff", "m_h"))
        size = 2.5 if len(table) < 20_000 else 0.3
        artist = axes.scatter(x, y, c=c, s=size, vmin=low, vmax=high, linewidths=0, rasterized=True)
        axes.set_xlim(limits)
        axes.set_ylim(span(table["teff"]))
        figure.colorbar(artist, ax=axes, label=axis_label("m_h"), pad=0.02, fraction=0.05)
    if drawn:
        metallicities = ", ".join(f"{isochrone.attrs['m_h']:g}" for isochrone in isochrones)
        figure.suptitle(f"PARSEC, 9 Gyr, [M/H] = {metallicities}", fontsize=7, color=GREY)
    else:
        figure.suptitle("no isochrones with this colour", fontsize=7, color=GREY)
    return figure
