"""The picture of one spectrum's velocities: spectrum and best template, residuals, chi2 curve, lines."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from mstars.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, PAGE_WIDTH, PURPLE, RED, new_figure, styled
from mstars.spectra import C_KMS
from mstars.velocity.diagnose import Diagnosis

METHODS = {
    "LAMOST": ("lamost_rv", GREY),
    "TM": ("rv_tm", RED),
    "DSAL I": ("rv_dsal1", BLUE),
    "DSAL II": ("rv_dsal2", GREEN),
    "TML7500": ("rv_tml7500", ORANGE),
    "DSEL": ("rv_dsel", PURPLE),
}
_PANELS = ((7640.0, 7725.0), (8160.0, 8225.0), (8420.0, 8690.0))


@styled
def draw_diagnosis(diagnosis: Diagnosis, velocities: dict, title: str) -> Figure:
    """Spectrum, residuals, chi2 curve, and the lines of Table 5 at each method's velocity.

    Parameters
    ----------
    diagnosis : Diagnosis
    velocities : dict
        Columns of `METHODS`, km/s; missing or NaN: not drawn.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    known = {
        name: (float(velocities[column]), color)
        for name, (column, color) in METHODS.items()
        if velocities.get(column) is not None and np.isfinite(float(velocities[column]))
    }
    figure = new_figure(PAGE_WIDTH, 6.2)
    grid = figure.add_gridspec(3, 3, height_ratios=(2, 0.8, 1.4))
    top, below = figure.add_subplot(grid[0, :]), figure.add_subplot(grid[1, :2])
    top.plot(diagnosis.wavelength, diagnosis.flux, color=BLACK, lw=0.5)
    top.plot(diagnosis.wavelength, diagnosis.model, color=RED, lw=0.8, label=diagnosis.template or "no template")
    top.set(ylabel="flux / mean", title=title)
    for name, (value, color) in known.items():
        top.plot([], [], color=color, lw=0.7, ls="--", label=f"{name} {value:.0f} km s$^{{-1}}$")
    top.legend(loc="lower right", ncols=2)
    below.plot(diagnosis.wavelength, diagnosis.flux - diagnosis.model, color=GREY, lw=0.5)
    below.axhline(0.0, color=BLACK, lw=0.5)
    below.set(xlabel=r"wavelength ($\rm \AA$, vacuum)", ylabel="residual")
    _curve(figure.add_subplot(grid[1, 2]), diagnosis, known)
    for column, (low, high) in enumerate(_PANELS):
        _lines(figure.add_subplot(grid[2, column]), diagnosis, known, low, high)
    return figure


def _curve(axes, diagnosis: Diagnosis, known: dict) -> None:
    axes.plot(diagnosis.grid, diagnosis.chi2, color=BLACK)
    for value, color in known.values():
        if diagnosis.grid[0] <= value <= diagnosis.grid[-1]:
            axes.axvline(value, color=color, lw=0.8)
    axes.set(xlabel=r"RV (km s$^{-1}$)", ylabel=r"$\chi^2$")


def _lines(axes, diagnosis: Diagnosis, known: dict, low: float, high: float) -> None:
    inside = (diagnosis.wavelength > low) & (diagnosis.wavelength < high)
    axes.plot(diagnosis.wavelength[inside], diagnosis.flux[inside], color=BLACK, drawstyle="steps-mid", lw=0.6)
    for value, color in known.values():
        for center in diagnosis.lines["absorption"]:
            place = center * (1.0 + value / C_KMS)
            if low < place < high:
                axes.axvline(place, color=color, lw=0.7, ls="--")
    axes.set(xlim=(low, high), xlabel=r"wavelength ($\rm \AA$)")
