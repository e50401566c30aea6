"""Figures of LASPM's parameters (Du et al. 2024, Figures 15 to 17)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mstars.core.robust import mad_std
from mstars.engines.laspm.errors import repeat_deviations
from mstars.engines.laspm.golden.labels import LABELS, gaussian_fit
from mstars.paper.figures.colours import BLACK, GREY, RED
from mstars.paper.figures.style import COLUMN_WIDTH, PAGE_WIDTH, axis_label, density, new_figure, no_data, note, styled

SNR_STEP = 5.0
"""Intervals of S/N_i of Figure 16."""

LEAST_IN_STEP = 8

LEAST_SNR = 10.0

HOTTEST = 12_000.0
"""K: the hot end of Figure 15."""

DENSITY_MAP = "viridis"


def deviations(table: pd.DataFrame) -> pd.DataFrame:
    """Eq. 1 of repeats with S/N_i of at least 10.

    Parameters
    ----------
    table : pandas.DataFrame
        star_id, snri and the labels.

    Returns
    -------
    pandas.DataFrame
        snri and the deviation of each label, K and dex; NaN of stars with one spectrum.
    """
    own = table[table["snri"] >= LEAST_SNR]
    star = own["star_id"].to_numpy(dtype=str)
    found = {label: repeat_deviations(own[label].to_numpy(dtype=float), star) for label in LABELS}
    return pd.DataFrame({"snri": own["snri"].to_numpy(dtype=float), **found})


@styled
def draw_errors(table: pd.DataFrame) -> Figure:
    """Deviations of repeats against S/N_i, with their scatter in intervals (Figure 16).

    Parameters
    ----------
    table : pandas.DataFrame
        Of `deviations`.
    """
    figure = new_figure(COLUMN_WIDTH, 5.4)
    for axes, label in zip(figure.subplots(len(LABELS), 1, sharex=True), LABELS, strict=True):
        own = table.dropna(subset=[label])
        if not len(own):
            no_data(axes, "no star with two spectra")
            continue
        axes.plot(own["snri"], own[label], ".", color=GREY, ms=1.5, rasterized=True)
        steps = own.groupby(np.floor(own["snri"] / SNR_STEP))[label].agg(["count", mad_std])
        steps = steps[steps["count"] >= LEAST_IN_STEP]
        middle = (steps.index.to_numpy() + 0.5) * SNR_STEP
        axes.errorbar(middle, 0 * middle, steps["mad_std"], fmt="o", color=RED, ms=2, capsize=2)
        width = 4 * mad_std(own[label])
        axes.set(ylabel=axis_label(label, r"$\epsilon$ of "), xlim=(LEAST_SNR, 150), ylim=(-width, width))
    axes.set_xlabel(axis_label("snr_i"))
    return figure


@styled
def draw_deviations(table: pd.DataFrame) -> Figure:
    """Histograms of the deviations of repeats with Gaussian fits (Figure 17).

    Parameters
    ----------
    table : pandas.DataFrame
        Of `deviations`.
    """
    figure = new_figure(PAGE_WIDTH, 2.4)
    for axes, label in zip(figure.subplots(1, len(LABELS)), LABELS, strict=True):
        values = table[label].dropna().to_numpy(dtype=float)
        fit = gaussian_fit(values)
        if not np.isfinite(fit.sigma):
            no_data(axes, "no star with two spectra")
            continue
        edges = np.linspace(-5 * fit.sigma, 5 * fit.sigma, 51)
        axes.hist(values, edges, histtype="step", color=BLACK)
        middle = (edges[1:] + edges[:-1]) / 2
        curve = np.exp(-0.5 * ((middle - fit.mean) / fit.sigma) ** 2)
        axes.plot(middle, curve / curve.sum() * (np.abs(values) < edges[-1]).sum(), "--", color=RED)
        note(axes, f"core {fit.sigma:.3g}\nstandard deviation {values.std():.3g}\nn = {len(values)}", fontsize=6)
        axes.set_xlabel(axis_label(label, r"$\epsilon$ of "))
    return figure


@styled
def draw_all_stars(m_stars: pd.DataFrame, others: pd.DataFrame | None) -> Figure:
    """Kiel diagram of all stars, coloured by the density: M stars by LASPM, A to K stars by LAMOST (Figure 15).

    Parameters
    ----------
    m_stars, others : pandas.DataFrame
        teff (K), logg. ``others`` None: there is no catalogue of A to K stars.
    """
    figure = new_figure(COLUMN_WIDTH, 3.4)
    axes = figure.subplots()
    tables = [table[["teff", "logg"]] for table in (m_stars, others) if table is not None]
    stars = pd.concat(tables, ignore_index=True).astype(float).dropna()
    if not len(stars):
        no_data(axes, "no star with parameters")
        return figure
    extent = (min(stars["teff"].min(), 3000) - 100, min(stars["teff"].max() + 200, HOTTEST), -1.0, 6.0)
    image = density(axes, stars["teff"], stars["logg"], bins=200, most=500, extent=extent, cmap=DENSITY_MAP)
    if image is not None:
        figure.colorbar(image, ax=axes, label="spectra")
    axes.set(xlabel=axis_label("teff"), ylabel=axis_label("logg"), xlim=extent[1::-1], ylim=extent[:1:-1])
    if others is None:
        note(axes, "M stars alone: no catalogue of A to K stars")
    return figure
