"""Radial velocities: Figures 10 and 14."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mstars.figures.style import BLACK, BLUE, PAGE_WIDTH, density, new_figure, no_data, note, styled

LIMIT = 800.0
"""Velocities shown, km/s."""


@dataclass
class Comparison:
    """One panel of Figure 10.

    Attributes
    ----------
    method : str
        Name of the method that LAMOST's velocities are compared with.
    lamost, other : ndarray, [n]
        Velocities of the spectra compared in this panel, km/s.
    mean, sigma : float
        Of the residuals after the iterative removal, km/s.
    k : float
        Half-width of the band of agreement in sigma.
    """

    method: str
    lamost: np.ndarray
    other: np.ndarray
    mean: float
    sigma: float
    k: float

    @property
    def outside(self) -> int:
        """Spectra outside the band."""
        return int((np.abs(self.other - self.lamost - self.mean) > self.k * self.sigma).sum())


@styled
def draw_rv_comparison(panels: list[Comparison]) -> Figure:
    """LAMOST's velocities beside those of template matching and of the absorption lines (Figure 10)."""
    figure = new_figure(PAGE_WIDTH, 2.7)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _panel(axes, panel)
    return figure


def _panel(axes, panel: Comparison) -> None:
    axes.set_xlabel(r"LAMOST RV (km s$^{-1}$)")
    axes.set_ylabel(rf"{panel.method} RV (km s$^{{-1}}$)")
    axes.set_xlim(-LIMIT, LIMIT)
    axes.set_ylim(-LIMIT, LIMIT)
    if not len(panel.lamost):
        no_data(axes, f"no spectrum with both\nLAMOST and {panel.method} velocities")
        return
    density(axes, panel.lamost, panel.other, color=BLUE, extent=(-LIMIT, LIMIT, -LIMIT, LIMIT))
    x = np.array([-LIMIT, LIMIT])
    if np.isfinite(panel.sigma):
        for sign in (-1, 1):
            axes.plot(x, x + panel.mean + sign * panel.k * panel.sigma, "--", color=BLACK, lw=0.7)
        note(axes, rf"$y = x + {panel.mean:.2f} \pm {panel.k:g} \times {panel.sigma:.2f}$")
    note(axes, f"{len(panel.lamost)} spectra\n{panel.outside} outside", "lower right")
