"""The picture of one spectrum's velocities: spectrum and best template, residuals, chi2 curve, lines."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from mstars.core.constants import C_KMS
from mstars.core.velocities import PAPER_RV_FROM, SOURCES
from mstars.paper.figures.colours import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED
from mstars.paper.figures.style import PAGE_WIDTH, WAVELENGTH, new_figure, styled
from mstars.velocity.diagnose import Diagnosis

DRAWN_VELOCITIES = {
    PAPER_RV_FROM[method]: (velocity, color)
    for (method, (velocity, _)), color in zip(SOURCES.items(), (GREY, RED, BLUE, GREEN, ORANGE, PURPLE), strict=True)
}
_DASHES = ((0, (4, 8)), (4, (4, 8)), (8, (4, 8)))  # methods that agree are drawn side by side
_PANELS = {
    r"H$\alpha$, [N II]": ((6535.0, 6600.0), "emission"),
    "K I": ((7640.0, 7725.0), "absorption"),
    "Na I": ((8160.0, 8225.0), "absorption"),
    "Ti I, Ca II": ((8420.0, 8690.0), "absorption"),
}


@styled
def draw_diagnosis(diagnosis: Diagnosis, velocities: dict, title: str) -> Figure:
    """Spectrum, residuals, chi2 curve, and the lines of Tables 5 and 6 at each method's velocity.

    Parameters
    ----------
    diagnosis : Diagnosis
    velocities : dict of str to float
        Columns of `DRAWN_VELOCITIES`, km/s. A missing one or NaN is not drawn.
    title : str
    """
    known = {
        name: (float(velocities[column]), color)
        for name, (column, color) in DRAWN_VELOCITIES.items()
        if velocities.get(column) is not None and np.isfinite(float(velocities[column]))
    }
    figure = new_figure(PAGE_WIDTH, 6.4)
    grid = figure.add_gridspec(3, 12, height_ratios=(2, 0.8, 1.4))
    top = figure.add_subplot(grid[0, :])
    below = figure.add_subplot(grid[1, :8], sharex=top)
    top.plot(diagnosis.wavelength, diagnosis.flux, color=BLACK, lw=0.5, label="spectrum")
    top.plot(diagnosis.wavelength, diagnosis.model, color=RED, lw=0.8, label=diagnosis.template or "no template")
    top.set(ylabel="flux / mean", title=title, ylim=_limits(diagnosis.flux))
    for name, (value, color) in known.items():
        top.plot([], [], color=color, lw=0.9, ls="--", label=f"{name} ${value:.0f}$ km s$^{{-1}}$")
    residual = diagnosis.flux - diagnosis.model
    below.plot(diagnosis.wavelength, residual, color=GREY, lw=0.5)
    below.axhline(0.0, color=BLACK, lw=0.5)
    below.set(xlabel=r"wavelength ($\rm \AA$, vacuum)", ylabel="residual", ylim=_limits(residual))
    curves = figure.add_subplot(grid[1, 8:])
    _curve(curves, diagnosis, known)
    for column, (name, ((low, high), kind)) in enumerate(_PANELS.items()):
        axes = figure.add_subplot(grid[2, 3 * column : 3 * column + 3])
        _lines(axes, diagnosis, known, (low, high), diagnosis.lines[kind])
        axes.set_title(name)
    entries = [entry for axes in (top, curves) for entry in zip(*axes.get_legend_handles_labels(), strict=True)]
    figure.legend(*zip(*entries, strict=True), loc="outside lower center", ncols=5)
    return figure


def _limits(flux: np.ndarray) -> tuple[float, float] | None:
    """Limits that an emission line or a cosmic ray does not stretch."""
    if not np.isfinite(flux).any():
        return None
    low, high = np.nanpercentile(flux, [0.2, 99.8])
    room = 0.15 * (high - low) or 1.0
    return low - room, high + room


def _curve(axes, diagnosis: Diagnosis, known: dict) -> None:
    """Both curves between 0 and 1: what is minimised, and Eq. 2 (no weights, every good pixel)."""
    drawn = ((diagnosis.minimised, "-", r"$\chi^2$ minimised"), (diagnosis.chi2, ":", r"$\chi^2$ of Eq. 2"))
    for curve, style, name in drawn:
        if np.isfinite(curve).any():
            least, most = curve.min(), curve.max()
            axes.plot(diagnosis.grid, (curve - least) / (most - least or 1.0), style, color=BLACK, lw=0.8, label=name)
    for number, (value, color) in enumerate(known.values()):
        if diagnosis.grid[0] <= value <= diagnosis.grid[-1]:
            axes.axvline(value, color=color, lw=0.8, ls=_DASHES[number % 3])
    axes.set(xlabel=r"RV (km s$^{-1}$)", ylabel=r"$\chi^2$, scaled", ylim=(-0.05, 1.05))


def _lines(axes, diagnosis: Diagnosis, known: dict, span: tuple[float, float], centers: np.ndarray) -> None:
    low, high = span
    inside = (diagnosis.wavelength > low) & (diagnosis.wavelength < high)
    axes.plot(diagnosis.wavelength[inside], diagnosis.flux[inside], color=BLACK, drawstyle="steps-mid", lw=0.6)
    for number, (value, color) in enumerate(known.values()):
        for center in centers:
            place = center * (1.0 + value / C_KMS)
            if low < place < high:
                axes.axvline(place, color=color, lw=0.9, ls=_DASHES[number % 3])
    axes.set(xlim=(low, high), xlabel=WAVELENGTH)
