"""A survey as a whole: sky, plates, completeness, repeats. The paper has no such figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from mstars.paper.figures.colours import BLACK, BLUE, GREY, RED
from mstars.paper.figures.style import (
    CLASS_COLOR,
    LABEL,
    PAGE_WIDTH,
    UNIT,
    WHITE,
    axis_label,
    new_figure,
    no_data,
    note,
    styled,
)
from mstars.paper.rendering import number_text
from mstars.survey.plate_offsets import RESIDUALS_OF
from mstars.survey.repeats import binned_scatter

_DIVERGING = "PuOr_r"
_STEP_STYLE = {
    "recommended": (BLUE, "o", "M star"),
    "rv": (RED, "s", "rv_flag = 1"),
    "parameters": (BLACK, "^", "parameter_flag = 1"),
}


@styled
def draw_sky(catalog: pd.DataFrame, nside: int = 32) -> Figure:
    """Spectra per square degree on the sky, in equatorial coordinates and Mollweide's projection.

    Parameters
    ----------
    catalog : pandas.DataFrame
        ra, dec (degrees).
    nside : int
        Of the HEALPix cells in which spectra are counted.
    """
    from healpy import ang2pix, nside2pixarea, pix2ang

    figure = new_figure(PAGE_WIDTH, 3.6)
    known = catalog[["ra", "dec"]].astype(float).dropna()
    if not len(known):
        no_data(figure.subplots(), "no spectrum with coordinates")
        return figure
    axes = figure.add_subplot(projection="mollweide")
    cells, counts = np.unique(ang2pix(nside, known["ra"], known["dec"], lonlat=True), return_counts=True)
    ra, dec = pix2ang(nside, cells, lonlat=True)
    x = -np.radians((ra + 180) % 360 - 180)  # east is left
    density = counts / nside2pixarea(nside, degrees=True)
    size = (PAGE_WIDTH * 72 * 0.8 / (4 * nside)) ** 2
    shades = LogNorm(density.min(), max(density.max(), 2 * density.min()))
    image = axes.scatter(x, np.radians(dec), c=density, s=size, marker="s", linewidths=0, norm=shades, rasterized=True)
    figure.colorbar(image, ax=axes, label="Spectra per square degree", fraction=0.03, pad=0.02)
    hours = np.arange(-150, 151, 30)
    axes.set_xticks(np.radians(hours), [f"{int(-hour % 360 / 15)}h" for hour in hours], fontsize=6)
    axes.grid(lw=0.3, color=GREY)
    axes.set_xlabel("Right ascension")
    axes.set_ylabel("Declination (deg)")
    axes.set_title(f"{len(known)} spectra")
    return figure


@styled
def draw_plates(plates: pd.DataFrame, spectrographs: pd.DataFrame) -> Figure:
    """Median residuals of each plate on the sky, and of velocities by spectrograph.

    Parameters
    ----------
    plates, spectrographs : pandas.DataFrame
        From `mstars.survey.plate_offsets.group_medians`.
    """
    figure = new_figure(PAGE_WIDTH, 4.6)
    panels = figure.subplots(2, 3).ravel()
    for axes, name in zip(panels, RESIDUALS_OF, strict=False):
        _plate_map(figure, axes, plates, name)
    _by_spectrograph(panels[-1], spectrographs)
    return figure


def _plate_map(figure, axes, plates: pd.DataFrame, name: str) -> None:
    axes.set_xlabel("Right ascension (deg)")
    axes.set_ylabel("Declination (deg)")
    known = plates[plates[name].notna()]
    what = {"rv": "RV - Gaia", "teff": rf"{LABEL['teff']} - median of the colour"}
    title = what.get(name, f"{LABEL[name]} - median")
    axes.set_title(f"{title} ({UNIT[name]})", fontsize=7)
    if not len(known):
        no_data(axes, "no plate with enough spectra")
        return
    values = known[name].to_numpy(float)
    middle = float(np.median(values)) if name == "rv" else 0.0
    most = max(float(np.quantile(np.abs(values - middle), 0.98)), 1e-6)
    order = np.argsort(np.abs(values - middle))
    shown = known.iloc[order]
    image = axes.scatter(
        *(shown["ra"], shown["dec"]),
        c=values[order],
        cmap=_DIVERGING,
        vmin=middle - most,
        vmax=middle + most,
        s=40 if len(known) < 50 else 12 if len(known) < 500 else 5,
        edgecolors=GREY,
        linewidths=0.3,
        rasterized=True,
    )
    axes.margins(0.1)
    axes.invert_xaxis()
    figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02)
    off = np.abs(values - middle) > 4 * known[f"{name}_err"].to_numpy(float)
    note(axes, f"{len(known)} plates, {int(off.sum())} off by > 4 errors", fontsize=6, bbox=WHITE)


def _by_spectrograph(axes, table: pd.DataFrame) -> None:
    axes.set_xlabel("Spectrograph")
    axes.set_ylabel(r"RV - Gaia (km s$^{-1}$)")
    known = table[table["rv"].notna()]
    if not len(known):
        no_data(axes, "no spectrograph with\nenough Gaia velocities")
        return
    number = known["spectrograph"].str.removeprefix("sp").astype(int)
    axes.errorbar(number, known["rv"], known["rv_err"], fmt="o", ms=3, color=BLUE, lw=0.7)
    axes.axhline(known["rv"].median(), color=GREY, lw=0.6, ls="--")
    axes.set_xlim(0, 17)
    axes.set_title("RV by spectrograph", fontsize=7)


@styled
def draw_completeness(shares: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Share of the input by magnitude, and the share with recommended parameters by magnitude and colour.

    Parameters
    ----------
    shares, cells : pandas.DataFrame
        From `mstars.survey.completeness.completeness`, by magnitude, and by magnitude and colour.
    """
    from mstars.survey.completeness import COLOUR_STEP, MAGNITUDE_STEP

    figure = new_figure(PAGE_WIDTH, 2.9)
    left, right = figure.subplots(1, 2)
    left.set_xlabel(r"$G$ (mag)")
    left.set_ylabel("Share of the input spectra")
    right.set_xlabel(r"$G_{\rm BP} - G_{\rm RP}$ (mag)")
    right.set_ylabel(r"$G$ (mag)")
    if not len(shares):
        for axes in (left, right):
            no_data(axes, "no spectrum with Gaia magnitudes")
        return figure
    middle = shares["g"] + MAGNITUDE_STEP / 2
    for step, (color, marker, label) in _STEP_STYLE.items():
        bars = [shares[step] - shares[f"{step}_low"], shares[f"{step}_high"] - shares[step]]
        bars = np.maximum(bars, 0)
        left.errorbar(middle, shares[step], bars, fmt=marker, ms=2.5, color=color, lw=0.7, ls="-", label=label)
    left.set_ylim(0, 1.05)
    left.legend(loc="lower left")
    if not len(cells):
        no_data(right, "no spectrum with Gaia colours")
        return figure
    shown = cells.pivot(index="g", columns="bp_rp", values="parameters")
    x, y = shown.columns.to_numpy(), shown.index.to_numpy()
    shown = shown.reindex(index=np.arange(y.min(), y.max() + 1e-6, MAGNITUDE_STEP))
    shown = shown.reindex(columns=np.arange(x.min(), x.max() + 1e-6, COLOUR_STEP))
    x_edges = np.append(shown.columns, shown.columns[-1] + COLOUR_STEP)
    y_edges = np.append(shown.index, shown.index[-1] + MAGNITUDE_STEP)
    image = right.pcolormesh(x_edges, y_edges, np.ma.masked_invalid(shown.to_numpy()), vmin=0, vmax=1)
    right.invert_yaxis()
    figure.colorbar(image, ax=right, label="Share with parameter_flag = 1", pad=0.02)
    return figure


@styled
def draw_precision(tables: dict[str, pd.DataFrame], fits: pd.DataFrame) -> Figure:
    """Scatter between repeats of the same star against S/N_i, with the fit a / (S/N) + b.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        By quantity, from `mstars.survey.repeats.repeat_pairs`.
    fits : pandas.DataFrame
        From `mstars.survey.repeats.precision_table`.
    """
    figure = new_figure(PAGE_WIDTH, 4.2)
    panels = figure.subplots(2, 3).ravel()
    for axes, (name, table) in zip(panels, tables.items(), strict=False):
        _precision_panel(axes, table, fits[fits["quantity"] == name].set_index("kind"), name)
    panels[-1].set_axis_off()
    handles = [panels[-1].scatter([], [], s=9, c=color, label=kind) for kind, color in CLASS_COLOR.items()]
    panels[-1].legend(handles=handles, loc="center", title="of one spectrum, from\npairs of the same star")
    return figure


def _precision_panel(axes, table: pd.DataFrame, fits: pd.DataFrame, name: str) -> None:
    axes.set_xlabel(axis_label("snr_i"))
    axes.set_ylabel(axis_label(name, r"$\sigma$ of "))
    axes.set_xscale("log")
    lines, drawn = [], False
    for kind, color in CLASS_COLOR.items():
        own = table[table["luminosity_class"] == kind]
        points = binned_scatter(own)
        if len(points):
            axes.errorbar(points["snr"], points["sigma"], points["error"], fmt="o", ms=2.5, color=color, lw=0.7)
            drawn = True
        if kind in fits.index and np.isfinite(fits.loc[kind, "a"]):
            a, b = fits.loc[kind, ["a", "b"]].astype(float)
            ends = np.quantile(own[["snr_1", "snr_2"]], [0.02, 0.98])  # only where there are pairs
            snr = np.geomspace(*ends, 60)
            axes.plot(snr, a / snr + b, color=color, lw=0.8)
            digits = {"teff": 0, "rv": 1}.get(name, 3)
            text = f"{kind}: {number_text(a, digits)} / (S/N) + {number_text(b, digits)}"
            lines.append(f"{text} {UNIT[name]}, {int(fits.loc[kind, 'n'])} pairs")
            drawn = True
    if not drawn:
        no_data(axes, "too few repeated stars")
        return
    note(axes, "\n".join(lines), "upper right", fontsize=5.5, bbox=WHITE)
    axes.set_ylim(bottom=0)
