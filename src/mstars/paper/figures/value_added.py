"""The value-added catalogue of Cycle-StarNet (Zhang et al. 2025, Figures 1, 2, 9 to 13 and 15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mstars.core.robust import mad_std
from mstars.paper.figures.colours import BLACK, BLUE, GREY, ORANGE, RED
from mstars.paper.figures.style import (
    COLUMN_WIDTH,
    PAGE_WIDTH,
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

PRINTED = {"teff": "Teff", "logg": "Logg", "m_h": "[M/H]"}
"""Columns of Table 1 by label."""

_UNITS = {"rv": "km s$^{-1}$", "teff": "K", "logg": "dex", "m_h": "dex"}


@styled
def draw_sky(table: pd.DataFrame) -> Figure:
    """Galactic coordinates of the spectra (Figure 1)."""
    from astropy.coordinates import SkyCoord

    place = SkyCoord(table["RA"].to_numpy(float), table["Dec"].to_numpy(float), unit="deg").galactic
    figure = new_figure(PAGE_WIDTH, 3.4)
    axes = figure.add_subplot(projection="mollweide")
    axes.scatter(-place.l.wrap_at("180d").radian, place.b.radian, s=1, c=BLUE, linewidths=0, rasterized=True)
    axes.set_xticklabels([f"{degree}°" for degree in range(150, -151, -30)])
    axes.grid(color=GREY, lw=0.3)
    return figure


@styled
def draw_snr(table: pd.DataFrame, least: Mapping[str, float]) -> Figure:
    """S/N in r and i of the M dwarfs, and the limits of the sample (Figure 2).

    Parameters
    ----------
    table : pandas.DataFrame
        snrr, snri of all dwarfs.
    least : mapping
        Limits by column.
    """
    figure = new_figure(COLUMN_WIDTH, 3.6)
    for axes, (column, limit) in zip(figure.subplots(2, 1), least.items(), strict=True):
        values = table[column].to_numpy(float)
        axes.hist(np.clip(values[np.isfinite(values)], 0, 200), bins=80, histtype="step", color=BLUE)
        axes.axvline(limit, color=BLACK, ls="--")
        axes.set(xlabel=f"S/N in {column[-1]}", ylabel="spectra")
        note(axes, f"{np.mean(values < limit):.0%} below {limit:g}", "upper right")
    return figure


@styled
def draw_kiel(table: pd.DataFrame, isochrones: Sequence[pd.DataFrame]) -> Figure:
    """Kiel diagram with isochrones (Figure 9)."""
    figure = new_figure(COLUMN_WIDTH, 3.2)
    axes = figure.subplots()
    points = axes.scatter(table["Teff"], table["Logg"], s=2, c=table["[M/H]"], linewidths=0, rasterized=True)
    for curve in isochrones:
        own = curve[curve["logg"] > 4]
        axes.plot(own["teff"], own["logg"], color=BLACK, lw=0.6)
    axes.set(xlabel=axis_label("teff"), ylabel=axis_label("logg"), xlim=(4400, 2700), ylim=(5.6, 4.3))
    figure.colorbar(points, ax=axes, label=axis_label("m_h"))
    return figure


@styled
def draw_precision(repeats: Mapping[str, Mapping]) -> Figure:
    """Scatter of repeats against S/N with the fit of Eq. 9 (Figure 10).

    Parameters
    ----------
    repeats : mapping
        By quantity (rv, teff, logg, m_h): of `mstars.engines.csn.repeats.repeat_fit`.
    """
    figure = new_figure(PAGE_WIDTH, 4.2)
    snr = np.linspace(5, 200, 200)
    for axes, name in zip(figure.subplots(2, 2).ravel(), ("rv", "teff", "logg", "m_h"), strict=True):
        found, bins = repeats[name], repeats[name]["bins"]
        axes.set(xlabel=axis_label("snr_i"), ylabel=axis_label(name, prefix=r"$\sigma$ "))
        if found["a"] is None or not np.isfinite(found["a"]):
            no_data(axes, "too few repeats")
            continue
        axes.plot(snr, found["a"] / snr + found["b"], color=RED, ls="--")
        axes.plot(bins["snr"], bins["sigma"], color=BLACK, marker="o", ms=3, ls="")
        axes.set(xlim=(0, 200), ylim=(0, None))
        digits = 1 if name in ("rv", "teff") else 3
        text = f"{found['a']:.{digits}f} / (S/N) + {found['b']:.{digits}f} {_UNITS[name]}"
        note(axes, text, "upper right")
    return figure


def absolute_magnitude(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """BP - RP and M_G of the catalogue by its parallaxes, mag; NaN without a positive parallax."""
    parallax = table["Plx"].to_numpy(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        modulus = np.where(parallax > 0, 5 * np.log10(parallax / 100), np.nan)
    return (table["BPmag"] - table["RPmag"]).to_numpy(float), table["Gmag"].to_numpy(float) + modulus


@styled
def draw_hr_diagram(table: pd.DataFrame) -> Figure:
    """H-R diagram by metallicity, magnitudes and distances; without candidates of VBFlag (Figure 11)."""
    own = table[table["VBFlag"] == 0]
    colour, magnitude = absolute_magnitude(own)
    figure = new_figure(PAGE_WIDTH, 3.6)
    grid = figure.add_gridspec(2, 2, width_ratios=(1.5, 1))
    axes = figure.add_subplot(grid[:, 0])
    points = axes.scatter(colour, magnitude, s=2, c=own["[M/H]"], vmin=-1, vmax=0.5, linewidths=0, rasterized=True)
    figure.colorbar(points, ax=axes, label=axis_label("m_h"))
    axes.set(xlabel=r"$G_{\rm BP}-G_{\rm RP}$ (mag)", ylabel=r"$M_G$ (mag)", ylim=(14, 4))
    for place, values, label in (
        (0, own["Gmag"].to_numpy(float), "G (mag)"),
        (1, np.where(own["Plx"] > 0, 1000 / own["Plx"].where(own["Plx"] > 0), np.nan), "distance (pc)"),
    ):
        beside = figure.add_subplot(grid[place, 1])
        values = values[np.isfinite(values)]
        beside.hist(values[values < 1500] if place else values, bins=40, histtype="step", color=BLUE)
        beside.set(xlabel=label, ylabel="spectra")
    return figure


@styled
def draw_active(table: pd.DataFrame) -> Figure:
    """H-R diagram of stars with H-alpha emission, and percentiles of all (Figure 12)."""
    colour, magnitude = absolute_magnitude(table)
    active = (table["Activity"] == 1).fillna(False).to_numpy(bool)
    figure = new_figure(COLUMN_WIDTH, 3.4)
    axes = figure.subplots()
    axes.scatter(colour[active], magnitude[active], s=4, c=RED, linewidths=0, label=f"active ({active.sum()})")
    edges = np.arange(1.0, 3.6, 0.2)
    middle = (edges[:-1] + edges[1:]) / 2
    good = np.isfinite(colour) & np.isfinite(magnitude)
    for percent in (15, 50, 85):
        curve = [
            np.percentile(magnitude[inside], percent) if (inside := good & (colour >= low) & (colour < high)).sum() > 9
            else np.nan
            for low, high in zip(edges[:-1], edges[1:], strict=True)
        ]  # fmt: skip
        axes.plot(middle, curve, color=BLACK, ls="--", lw=0.7)
    axes.set(xlabel=r"$G_{\rm BP}-G_{\rm RP}$ (mag)", ylabel=r"$M_G$ (mag)", ylim=(14, 4))
    axes.legend(loc="lower left")
    return figure


@styled
def draw_subtypes(table: pd.DataFrame) -> Figure:
    """LAMOST's subclass and the subtype of TiO5 (Figure 13). -2 is K5, -1 is K7, 0 to 7 are M0 to M7."""
    given = pd.to_numeric(table["Subclass"].astype(str).str.extract(r"M(\d)")[0], errors="coerce").to_numpy(float)
    found = table["SpT"].to_numpy(float)
    found = np.where((found > -3) & (found < 8), found, np.nan)
    figure = new_figure(COLUMN_WIDTH, 2.7)
    axes = figure.subplots()
    for values, color, name in ((given, BLUE, "subclass of LAMOST"), (np.round(found), ORANGE, "SpT (TiO5)")):
        axes.hist(values[np.isfinite(values)], bins=np.arange(-2.5, 8.5), histtype="step", color=color, label=name)
    axes.set(xlabel="subtype", ylabel="spectra")
    axes.legend(loc="upper right")
    off = (found - given)[np.isfinite(found - given)]
    if len(off):
        note(axes, f"SpT - subclass\n{np.mean(off):+.2f} ± {np.std(off):.2f}", "upper left")
    return figure


@styled
def draw_labels(table: pd.DataFrame, other: pd.DataFrame, name: str) -> Figure:
    """The catalogue's labels against another survey's (Figure 15).

    Parameters
    ----------
    table : pandas.DataFrame
        Of Table 1, with spectrum_key.
    other : pandas.DataFrame
        spectrum_key, teff, logg, m_h.
    name : str
        Of the other survey.
    """
    both = table.merge(other, on="spectrum_key")
    figure = new_figure(PAGE_WIDTH, 2.7)
    for axes, (label, column) in zip(figure.subplots(1, 3), PRINTED.items(), strict=True):
        x, y = both[label].to_numpy(float), both[column].to_numpy(float)
        good = np.isfinite(x) & np.isfinite(y)
        axes.set(xlabel=axis_label(label, prefix=f"{name} "), ylabel=axis_label(label, prefix="Cycle-StarNet "))
        if not good.any():
            no_data(axes, "no common star")
            continue
        one_to_one(axes, span(x[good], y[good]))
        density(axes, x[good], y[good], cmap="Greys")
        off, digits = (y - x)[good], 0 if label == "teff" else 2
        text = f"{np.median(off):+.{digits}f}, scatter {mad_std(off):.{digits}f}\n{good.sum()} spectra"
        note(axes, text, bbox=WHITE)
    return figure
