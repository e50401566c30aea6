"""Figures 1 to 9 of Li et al. 2021."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mstars.core.resources import resource, resource_table
from mstars.engines.slam.errors import binned_scatter, curve_errors, fit_power_law
from mstars.paper.figures.colours import BLUE, GREY, ORANGE, RED
from mstars.paper.figures.style import (
    COLUMN_WIDTH,
    PAGE_WIDTH,
    UNIT,
    axis_label,
    density,
    difference_note,
    new_figure,
    no_data,
    note,
    one_to_one,
    span,
    styled,
)
from mstars.paper.li2021 import BRIGHT, hyades_like
from mstars.sky.cmd import DM_REGION


@styled
def draw_cmd(sample: pd.DataFrame, giants: pd.DataFrame) -> Figure:
    """M dwarfs and giants in Gaia's colour-magnitude diagram, with the quadrangle (Figure 1)."""
    figure = new_figure(COLUMN_WIDTH, 3.6)
    axes = figure.subplots()
    density(axes, sample["bp_rp_0"], sample["M_G_0"], color=RED)
    axes.scatter([], [], s=8, color=RED, linewidths=0, label=f"dM {len(sample)}")
    axes.scatter([], [], s=8, color=BLUE, linewidths=0, label=f"gM {len(giants)}")
    axes.scatter(giants["bp_rp_0"], giants["M_G_0"], s=2, c=BLUE, linewidths=0, rasterized=True)
    inside = f"region of dM, {int(sample['selected'].sum())} inside"
    axes.plot(*np.vstack([DM_REGION, DM_REGION[:1]]).T, color="black", lw=0.8, ls="--", label=inside)
    axes.axhline(5.0, color=GREY, lw=0.6, ls=":")
    axes.set(xlabel=r"$(G_{\rm BP} - G_{\rm RP})_0$ (mag)", ylabel=r"$M_{G,0}$ (mag)", xlim=(0.5, 5.2), ylim=(17, -4))
    axes.legend(loc="lower left", frameon=False)
    return figure


@styled
def draw_cross_validation(stars: pd.DataFrame, theory_cv: np.ndarray, curves: Mapping[str, tuple]) -> Figure:
    """Bias and scatter of the cross-validation against S/N (Figure 2).

    Parameters
    ----------
    stars : pandas.DataFrame
        search/cv.parquet: snri and ``{label}_true``, ``{label}_cv``.
    theory_cv : ndarray, [level, 5]
    curves : mapping
        a, b and c by label: `mstars.engines.slam.errors.fit_curve`.
    """
    figure = new_figure(PAGE_WIDTH, 2.7)
    for axes, label, column in zip(figure.subplots(1, 2), ("teff", "m_h"), (1, 3), strict=True):
        own = stars["snri"].to_numpy(float), (stars[f"{label}_cv"] - stars[f"{label}_true"]).to_numpy(float)
        snr, bias, scatter, _ = binned_scatter(*own)
        axes.plot(snr, scatter, "o:", ms=3, color=RED, label="scatter, APOGEE's labels")
        axes.plot(snr, bias, "o--", ms=3, mfc="white", color=RED, label="bias")
        if len(theory_cv):
            axes.plot(theory_cv[:, 0], theory_cv[:, column + 1], "s:", ms=3, color=BLUE, label="scatter, theory grid")
            axes.plot(theory_cv[:, 0], theory_cv[:, column], "s--", ms=3, mfc="white", color=BLUE, label="bias")
        a, b, c = curves[label]
        at = np.geomspace(*span(snr, share=0, margin=0), 50)
        formula = f"{a:.3g} (S/N)$^{{{b:.2f}}}$ and {c:.2g}"
        axes.plot(at, curve_errors(np.array([a, b, c]), at), color=ORANGE, lw=0.8, label=formula)
        power, slope = fit_power_law(*own)
        formula = f"{power:.3g} (S/N)$^{{{slope:.2f}}}$, the paper's form"
        axes.plot(at, power * at**slope, color=GREY, lw=0.8, ls="-.", label=formula)
        axes.axhline(0, color=GREY, lw=0.5)
        axes.set(xlabel=r"S/N$_i$", ylabel=axis_label(label, "CV error of "))
        axes.legend(fontsize=6)
    return figure


def _pair(left, right, x, y, label, names):
    """A comparison and the histogram of its residuals."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    good = np.isfinite(x + y)
    unit = f" ({UNIT[label]})" if UNIT[label] else ""
    left.set(xlabel=f"{names[0]}{unit}", ylabel=f"{names[1]}{unit}")
    if good.sum() < 3:
        no_data(left, f"no {names[0]} in common")
        right.set_axis_off()
        return
    ends = span(x[good], y[good])
    density(left, x[good], y[good], extent=(*ends, *ends))
    one_to_one(left, ends)
    off = y[good] - x[good]
    right.hist(off, bins=40, range=span(off, share=0.005), color=BLUE, histtype="stepfilled", alpha=0.6)
    right.axvline(0, color="black", lw=0.6)
    right.set(xlabel=f"{names[1]} - {names[0]}{unit}", ylabel="spectra")
    difference_note(right, off, label, more=f"n = {good.sum()}")


@styled
def _draw_rows(rows, label: str) -> Figure:
    figure = new_figure(PAGE_WIDTH * 0.8, 2.5 * len(rows) + 0.2)
    panels = figure.subplots(len(rows), 2, squeeze=False)
    for (left, right), (x, y, names) in zip(panels, rows, strict=True):
        _pair(left, right, x, y, label, names)
    return figure


def draw_temperatures(sample: pd.DataFrame) -> Figure:
    """TEFF_AP beside APOGEE and B20, TEFF_BT beside B20 (Figure 3)."""
    inside = sample[sample["bt_inside"]]
    return _draw_rows(
        [
            (sample["teff_apogee"], sample["teff"], ("APOGEE", "TEFF_AP")),
            (sample["teff_b20"], sample["teff"], ("B20", "TEFF_AP")),
            (inside["teff_b20"], inside["teff_bt"], ("B20", "TEFF_BT")),
        ],
        "teff",
    )


def draw_galgano(sample: pd.DataFrame) -> Figure:
    """TEFF_BT beside Galgano et al. 2020 (Figure 4)."""
    inside = sample[sample["bt_inside"]]
    return _draw_rows([(inside["teff_galgano2020"], inside["teff_bt"], ("Galgano 2020", "TEFF_BT"))], "teff")


def draw_metallicities(sample: pd.DataFrame) -> Figure:
    """M_H_AP beside APOGEE and B20, M_H_BT beside APOGEE (Figure 5)."""
    inside = sample[sample["bt_inside"]]
    return _draw_rows(
        [
            (sample["m_h_apogee"], sample["m_h"], ("APOGEE", "M_H_AP")),
            (sample["m_h_b20"], sample["m_h"], ("B20", "M_H_AP")),
            (inside["m_h_apogee"], inside["m_h_bt"], ("APOGEE", "M_H_BT")),
        ],
        "m_h",
    )


@styled
def draw_hrd(sample: pd.DataFrame) -> Figure:
    """Hertzsprung-Russell diagrams of bright spectra (Figure 6): TEFF_AP and colour by [M/H], TEFF_BT.

    The lines are PARSEC's main sequences of ``resources/isochrone_points.csv``.
    """
    points_of = resource_table(resource("isochrone_points.csv"))
    sequences = points_of[points_of["kind"] == "dwarf"]
    shown = sample[(sample["snri"] > BRIGHT) & sample["selected"]]
    figure = new_figure(PAGE_WIDTH, 2.9)
    panels = figure.subplots(1, 3, sharey=True)
    columns = (
        ("teff", r"TEFF_AP (K)"),
        ("bp_rp_0", r"$(G_{\rm BP} - G_{\rm RP})_0$ (mag)"),
        ("teff_bt", r"TEFF_BT (K)"),
    )
    for axes, (column, title) in zip(panels, columns, strict=True):
        points = axes.scatter(
            shown[column], shown["M_G_0"], s=3, c=shown["m_h"], cmap="viridis", vmin=-0.7, vmax=0.4, linewidths=0
        )
        axes.set_xlabel(title)
        for _, one in sequences.groupby("m_h") if column != "bp_rp_0" else ():
            axes.plot(*one.sort_values("teff")[["teff", "m_g"]].to_numpy().T, color=GREY, lw=0.7)
        if column != "bp_rp_0":
            axes.set_xlim(4500, 2800)
    panels[0].set(ylabel=r"$M_{G,0}$ (mag)", ylim=(13.5, 6.0))
    figure.colorbar(points, ax=panels, label="M_H_AP (dex)")
    return figure


@styled
def draw_hyades(sample: pd.DataFrame) -> Figure:
    """[M/H] of stars that move as the Hyades (Figure 7)."""
    figure = new_figure(COLUMN_WIDTH, 2.6)
    axes, near = figure.subplots(), hyades_like(sample)
    if len(near) < 3:
        no_data(axes, "no members in this survey")
        return figure
    axes.hist(near["m_h"], bins=np.arange(-0.6, 0.65, 0.05), color=BLUE, alpha=0.6)
    axes.axvline(0.13, color=RED, lw=0.8)
    axes.set(xlabel="M_H_AP (dex)", ylabel="spectra")
    note(axes, f"mean {near['m_h'].mean():.2f}\nstd {near['m_h'].std():.2f}\nn = {len(near)}")
    return figure


@styled
def draw_clusters(table: pd.DataFrame, stars: pd.DataFrame) -> Figure:
    """Mean [M/H] of clusters beside another work's, and the residuals of their stars (Figure 8).

    Parameters
    ----------
    table, stars : pandas.DataFrame
        Of `mstars.paper.li2021.cluster_members` and `mstars.paper.li2021.cluster_stars`.
    """
    figure = new_figure(PAGE_WIDTH * 0.8, 2.7)
    left, right = figure.subplots(1, 2)
    if not len(table):
        no_data(left, "no cluster members in this survey")
        right.set_axis_off()
        return figure
    left.errorbar(table["feh"], table["m_h"], yerr=table["m_h_std"], fmt="o", ms=3, lw=0.7, color=BLUE)
    one_to_one(
        left,
        span(
            table["feh"], table["m_h"] + table["m_h_std"].fillna(0), table["m_h"] - table["m_h_std"].fillna(0), share=0
        ),
    )
    left.set(xlabel="cluster [Fe/H] (dex)", ylabel="mean M_H_AP (dex)")
    off = (stars["m_h"] - stars["feh"]).to_numpy()
    counts, *_ = right.hist(off, bins=16, color=BLUE, alpha=0.6)
    right.set_ylim(0, 1.5 * counts.max())
    right.set(xlabel="M_H_AP - [Fe/H] (dex)", ylabel="stars")
    difference_note(right, off, "m_h", more=f"n = {len(off)}")
    return figure


@styled
def draw_binaries(pairs: pd.DataFrame) -> Figure:
    """[M/H] of both components of wide binaries, and their normalised difference (Figure 9)."""
    figure = new_figure(PAGE_WIDTH * 0.8, 2.7)
    left, right = figure.subplots(1, 2)
    if len(pairs) < 3:
        no_data(left, "no wide binaries in this survey")
        right.set_axis_off()
        return figure
    left.errorbar(
        pairs["m_h_1"], pairs["m_h_2"], xerr=pairs["error_1"], yerr=pairs["error_2"], fmt="o", ms=2, lw=0.3, color=BLUE
    )
    one_to_one(left, span(pairs["m_h_1"], pairs["m_h_2"], share=0))
    left.set(xlabel="M_H_AP, first (dex)", ylabel="M_H_AP, second (dex)")
    at = np.linspace(-5, 5, 200)
    right.hist(pairs["normalised"], bins=np.arange(-5, 5.1, 0.5), density=True, color=BLUE, alpha=0.6)
    for width, style in ((1.0, "-"), (0.8, "--")):
        right.plot(at, np.exp(-0.5 * (at / width) ** 2) / width / np.sqrt(2 * np.pi), color="black", lw=0.8, ls=style)
    right.set(xlabel=r"$\Delta$[M/H] / $\sigma$", ylabel="density")
    difference_note(left, pairs["m_h_1"] - pairs["m_h_2"], "m_h", more=f"n = {len(pairs)}")
    return figure
