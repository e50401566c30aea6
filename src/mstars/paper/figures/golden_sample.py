"""Figures of the golden sample (Du et al. 2024, Figures 1 to 9 and 11 to 13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mstars.core.robust import mad_std
from mstars.engines.laspm.golden.labels import LABELS, gaussian_fit
from mstars.paper.figures.colours import BLACK, BLUE, GREY, RED
from mstars.paper.figures.style import (
    CLASS_COLOR,
    COLUMN_WIDTH,
    PAGE_WIDTH,
    WAVELENGTH,
    axis_label,
    density,
    new_figure,
    no_data,
    note,
    one_to_one,
    span,
    styled,
)

COLOUR, MAGNITUDE = r"$(BP-RP)_0$ (mag)", r"$M_{G,0}$ (mag)"

CLASS_NAMES = {"dM": "M dwarfs", "gM": "M giants"}


@styled
def draw_band(labels: pd.DataFrame, band: Mapping, kind: str) -> Figure:
    """Colour-magnitude diagram with the means of the colour steps and the band about them (Figures 1 and 2).

    Parameters
    ----------
    labels : pandas.DataFrame
        luminosity_class, bp_rp_0, M_G_0 (mag), primary (bool).
    band : mapping
        steps, coefficients, width.
    kind : {"dM", "gM"}
    """
    figure = new_figure(COLUMN_WIDTH, 3.2)
    axes = figure.subplots()
    own = labels[(labels["luminosity_class"] == kind) & np.isfinite(labels["bp_rp_0"] + labels["M_G_0"])]
    if not len(own):
        no_data(axes, f"no {CLASS_NAMES[kind]} with a place in the diagram")
        return figure
    axes.plot(own["bp_rp_0"], own["M_G_0"], ".", color=GREY, ms=1.5, label="M-type spectra", rasterized=True)
    inside = own[own["primary"].astype(bool)]
    axes.plot(inside["bp_rp_0"], inside["M_G_0"], ".", color=CLASS_COLOR[kind], ms=1.5, label="primary sample")
    steps, coefficients = band["steps"], band["coefficients"]
    if len(coefficients):
        axes.errorbar(steps["colour"], steps["mean"], steps["sigma"], fmt="o", color=BLACK, ms=3, capsize=2)
        x = np.linspace(min(steps["colour"]) - 0.25, max(steps["colour"]) + 0.25, 100)
        for shift, style in ((0, "--"), (-band["width"], ":"), (band["width"], ":")):
            axes.plot(x, np.polyval(coefficients, x) + shift, style, color=BLACK)
    low, high = span(own["M_G_0"], share=0.005)
    axes.set(xlabel=COLOUR, ylabel=MAGNITUDE, xlim=span(own["bp_rp_0"], share=0.005), ylim=(high, low))
    axes.legend(loc="lower left")
    return figure


@styled
def draw_offsets(differences: pd.DataFrame, offsets: pd.DataFrame, kind: str) -> Figure:
    """Differences of catalogues to the reference with the fits that they are shifted by (Figures 3 and 4).

    Parameters
    ----------
    differences : pandas.DataFrame
        luminosity_class, source, label, difference.
    offsets : pandas.DataFrame
        luminosity_class, source, label, mean, sigma, n, used.
    kind : {"dM", "gM"}
    """
    own = offsets[offsets["luminosity_class"] == kind]
    sources = list(dict.fromkeys(own["source"]))
    figure = new_figure(PAGE_WIDTH, 0.4 + 1.6 * max(len(sources), 1))
    grid = figure.subplots(max(len(sources), 1), len(LABELS), squeeze=False)
    for axes, source in zip(grid, sources, strict=False):
        for panel, label in zip(axes, LABELS, strict=True):
            rows = (differences["source"] == source) & (differences["label"] == label)
            values = differences.loc[rows & (differences["luminosity_class"] == kind), "difference"].to_numpy(float)
            fit = own[(own["source"] == source) & (own["label"] == label)].iloc[0]
            _histogram(panel, values, fit["mean"], fit["sigma"], f"{source}\nnot used" if not fit["used"] else source)
            panel.set_xlabel(axis_label(label, r"$\Delta$ "))
    if not sources:
        no_data(grid[0, 0], f"no catalogue of {CLASS_NAMES[kind]}")
    return figure


def _histogram(axes, values: np.ndarray, mean: float, sigma: float, title: str) -> None:
    """Histogram with the curve of a fit."""
    if len(values) < 2 or not np.isfinite(sigma):
        no_data(axes, f"{title}: no star in common with the reference")
        return
    edges = np.linspace(mean - 5 * sigma, mean + 5 * sigma, 41)
    axes.hist(values, edges, histtype="step", color=BLACK)
    middle = (edges[1:] + edges[:-1]) / 2
    inside = ((values > edges[0]) & (values < edges[-1])).sum()
    curve = np.exp(-0.5 * ((middle - mean) / sigma) ** 2)
    axes.plot(middle, curve * inside / curve.sum(), "--", color=RED)
    axes.axvline(0, color=GREY, lw=0.5)
    note(axes, f"{title}\n{mean:.3g} ± {sigma:.2g}\nn = {len(values)}", fontsize=6)


@styled
def draw_supplement(labels: pd.DataFrame) -> Figure:
    """Stars outside the primary sample that precise labels let in, by log g (Figure 5).

    Parameters
    ----------
    labels : pandas.DataFrame
        bp_rp_0, M_G_0 (mag), logg (dex), supplement (bool).
    """
    figure = new_figure(COLUMN_WIDTH, 3.0)
    axes = figure.subplots()
    own = labels[labels["supplement"].astype(bool) & np.isfinite(labels["bp_rp_0"] + labels["M_G_0"])]
    if not len(own):
        no_data(axes, "no star has labels as precise as the supplement asks for")
        return figure
    points = axes.scatter(own["bp_rp_0"], own["M_G_0"], c=own["logg"], s=6)
    axes.invert_yaxis()
    axes.set(xlabel=COLOUR, ylabel=MAGNITUDE)
    figure.colorbar(points, label=axis_label("logg"))
    return figure


@styled
def draw_clusters(wavelength: np.ndarray, flux: np.ndarray, status: Mapping[str, np.ndarray], where: str) -> Figure:
    """Spectra of a bin; those of the cluster in colour, for several radii (Figure 6).

    Parameters
    ----------
    wavelength : ndarray, [pixel]
        Vacuum angstrom.
    flux : ndarray, [n, pixel]
    status : mapping of str to ndarray of bool, [n]
        By title: which spectra are in the cluster.
    where : str
        The bin, for the title.
    """
    figure = new_figure(PAGE_WIDTH, 0.6 + 1.8 * max(len(status), 1))
    rows = figure.subplots(max(len(status), 1), 1, squeeze=False, sharex=True)[:, 0]
    if not status:
        no_data(rows[0], "no bin with two spectra")
    for axes, (title, inside) in zip(rows, status.items(), strict=False):
        axes.plot(wavelength, flux[~inside].T, color=GREY, lw=0.4, rasterized=True)
        axes.plot(wavelength, flux[inside].T, color=RED, lw=0.4, rasterized=True)
        axes.set(ylabel="flux over its mean", ylim=(0, 1.3 * np.quantile(flux, 0.999)))
        note(axes, f"{title}: {inside.sum()} of {len(inside)} spectra in the cluster\n{where}")
    rows[-1].set_xlabel(WAVELENGTH)
    return figure


@styled
def draw_loss(history: pd.DataFrame) -> Figure:
    """Loss of the last training of each class, of trained and tested stars (Figure 7).

    Parameters
    ----------
    history : pandas.DataFrame
        luminosity_class, round, step, loss, test_loss.
    """
    figure = new_figure(COLUMN_WIDTH, 2.6)
    axes = figure.subplots()
    if not len(history):
        no_data(axes, "no class has enough stars for a training")
        return figure
    for kind, own in history.groupby("luminosity_class"):
        last = own[own["round"] == own["round"].max()]
        axes.plot(last["step"], last["loss"], color=CLASS_COLOR[kind], label=f"{kind}, trained")
        axes.plot(last["step"], last["test_loss"], "--", color=CLASS_COLOR[kind], label=f"{kind}, tested")
    axes.set(xlabel="step", ylabel="loss", yscale="log")
    axes.legend()
    return figure


@styled
def draw_pairs(
    pairs: pd.DataFrame, names: tuple[str, str], labels: Sequence[str] = LABELS, caption: str = ""
) -> Figure:
    """One-to-one panels and histograms of the differences (Figures 8, 18, 19 and 20).

    Parameters
    ----------
    pairs : pandas.DataFrame
        For each label ``{label}_x`` and ``{label}_y``.
    names : (str, str)
        What x and y are.
    labels : sequence of str
    caption : str
        In the first panel.
    """
    figure = new_figure(PAGE_WIDTH * 0.75, 0.3 + 2.3 * len(labels))
    for number, (label, (left, right)) in enumerate(
        zip(labels, figure.subplots(len(labels), 2, squeeze=False), strict=True)
    ):
        x, y = (pairs[f"{label}_{side}"].to_numpy(dtype=float) for side in "xy")
        known = np.isfinite(x) & np.isfinite(y)
        x, y = x[known], y[known]
        if len(x) < 2:
            no_data(left, f"no spectrum with both: {names[0]}, {names[1]}")
            no_data(right, "no difference")
            continue
        density(left, x, y)
        one_to_one(left, span(np.concatenate([x, y]), share=0.002))
        left.set(xlabel=axis_label(label, suffix=f", {names[0]}"), ylabel=axis_label(label, suffix=f", {names[1]}"))
        fit = gaussian_fit(y - x)
        _histogram(right, y - x, fit.mean, fit.sigma, caption if number == 0 else "")
        right.set_xlabel(axis_label(label, r"$\Delta$ "))
    return figure


@styled
def draw_leave_one_out(table: pd.DataFrame) -> Figure:
    """Stars measured by the sample without themselves: histograms, and arrows in the Kiel diagram (Figure 9).

    Parameters
    ----------
    table : pandas.DataFrame
        For each label ``{label}_true`` and ``{label}_oof``.
    """
    figure = new_figure(PAGE_WIDTH, 4.6)
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.4))
    for axes, label in zip(left.subplots(len(LABELS), 1), LABELS, strict=True):
        off = (table[f"{label}_oof"] - table[f"{label}_true"]).dropna().to_numpy(dtype=float)
        fit = gaussian_fit(off)
        _histogram(axes, off, fit.mean, fit.sigma, f"robust scatter {mad_std(off):.3g}" if len(off) else "")
        axes.set_xlabel(axis_label(label, r"$\Delta$ "))
    axes = right.subplots()
    known = table.dropna(subset=[f"{label}_{end}" for label in ("teff", "logg") for end in ("true", "oof")])
    axes.plot(known["teff_true"], known["logg_true"], ".", color=BLACK, ms=2)
    for row in known.itertuples():
        axes.plot([row.teff_true, row.teff_oof], [row.logg_true, row.logg_oof], color=RED, lw=0.3)
    axes.invert_xaxis()
    axes.invert_yaxis()
    axes.set(xlabel=axis_label("teff"), ylabel=axis_label("logg"))
    return figure


@styled
def draw_spectra(wavelength: np.ndarray, groups: Sequence[Sequence[tuple[str, np.ndarray]]], why: str) -> Figure:
    """Spectra above each other, those of a group overlaid (Figures 11, 12 and 13).

    Parameters
    ----------
    wavelength : ndarray, [pixel]
        Vacuum angstrom.
    groups : sequence of sequence of (str, ndarray)
        Label and flux over its mean.
    why : str
        What is missing where there is no group.
    """
    figure = new_figure(PAGE_WIDTH, 1.0 + 1.1 * max(len(groups), 1))
    axes = figure.subplots()
    if not groups:
        no_data(axes, why)
        return figure
    for number, group in enumerate(reversed(groups)):
        for (label, flux), color in zip(group, (BLACK, RED, BLUE), strict=False):
            axes.plot(wavelength, flux + 1.6 * number, color=color, lw=0.6)
            place = 0.02 + 0.33 * [one[0] for one in group].index(label)
            axes.text(place, 1.6 * number + 1.9, label, color=color, fontsize=6, transform=axes.get_yaxis_transform())
    axes.set(xlabel=WAVELENGTH, ylabel="flux over its mean + constant", ylim=(-0.2, None))
    return figure
