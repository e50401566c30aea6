"""Radial velocities: Figures 10 and 14."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mstars.core.velocities import PAPER_RV_FROM
from mstars.paper.figures.colours import BLACK, BLUE, GREY, ORANGE, RED
from mstars.paper.figures.style import COLUMN_WIDTH, PAGE_WIDTH, density, difference_note, new_figure, no_data, styled

LIMIT = 800.0
"""Largest velocity shown, km/s."""


BAND_OF = {
    "all": "band of all spectra with both",
    "outside": "band of the spectra shown",
    "paper": "the paper's band, for want of spectra",
}
"""What the figure says of a band by the choice of `rvmm.selection.dsal_band`, or where there are too few spectra."""


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
    of : str
        Whose differences give mean and sigma, a key of `BAND_OF`; empty for template matching, which has all.
    """

    method: str
    lamost: np.ndarray
    other: np.ndarray
    mean: float
    sigma: float
    k: float
    of: str = ""

    @property
    def outside(self) -> int:
        """Spectra outside the band."""
        return int((np.abs(self.other - self.lamost - self.mean) > self.k * self.sigma).sum())

    @property
    def beyond(self) -> int:
        """Spectra with a velocity that is not shown."""
        return int((np.maximum(np.abs(self.lamost), np.abs(self.other)) > LIMIT).sum())


@styled
def draw_rv_comparison(panels: list[Comparison]) -> Figure:
    """LAMOST's velocities beside those of template matching and of the absorption lines (Figure 10).

    Parameters
    ----------
    panels : list of Comparison
        From `comparisons`.
    """
    figure = new_figure(PAGE_WIDTH, 2.7)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _panel(axes, panel)
    return figure


def _panel(axes, panel: Comparison) -> None:
    axes.set_xlabel(r"LAMOST RV (km s$^{-1}$)")
    axes.set_ylabel(rf"{panel.method} RV (km s$^{{-1}}$)")
    ticks = np.arange(-LIMIT, LIMIT + 1, 400)
    axes.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), xticks=ticks, yticks=ticks)
    axes.set_box_aspect(1)
    if not len(panel.lamost):
        no_data(axes, f"no spectrum with both\nLAMOST and {panel.method} velocities")
        return
    density(axes, panel.lamost, panel.other, color=BLUE, extent=(-LIMIT, LIMIT, -LIMIT, LIMIT))
    x, band = np.array([-LIMIT, LIMIT]), "no band"
    if np.isfinite(panel.sigma):
        for sign in (-1, 1):
            axes.plot(x, x + panel.mean + sign * panel.k * panel.sigma, "--", color=BLACK, lw=0.7)
        # the band is written above the panel, where no point lies
        band = rf"$y = x {panel.mean:+.2f} \pm {panel.k:g} \times {panel.sigma:.2f}$"
    counts = f"{len(panel.lamost)} spectra, {panel.outside} outside"
    if panel.beyond:
        counts += f", {panel.beyond} beyond the frame"
    whose = BAND_OF.get(panel.of, "")
    axes.set_title("\n".join(filter(None, (band, whose, counts))), fontsize=7, linespacing=1.3)


def comparisons(selection: pd.DataFrame, bands: dict) -> list[Comparison]:
    """The panels of Figure 10 from RVMM's selection.

    Parameters
    ----------
    selection : pandas.DataFrame
        lamost_rv, rv_tm, rv_dsal1, rv_dsal2 (km/s), and dsal_used ('I', 'II' or ''): only spectra outside the band of
        template matching are compared with the absorption lines.
    bands : dict of str to dict
        By method (tm, dsal1, dsal2): mean, sigma (km/s) and k.
    """
    panels = []
    for key, name, used in (("tm", "TM", None), ("dsal1", "DSAL_I", "I"), ("dsal2", "DSAL_II", "II")):
        rows = selection if used is None else selection[selection["dsal_used"] == used]
        lamost, other = (rows[column].to_numpy(float, na_value=np.nan) for column in ("lamost_rv", f"rv_{key}"))
        both = np.isfinite(lamost) & np.isfinite(other)
        band = [np.nan if bands[key][part] is None else float(bands[key][part]) for part in ("mean", "sigma", "k")]
        panels.append(Comparison(PAPER_RV_FROM[name], lamost[both], other[both], *band, _band_of(bands[key])))
    return panels


def _band_of(band: dict) -> str:
    return band.get("of", "") if band.get("own", True) else "paper"


@styled
def draw_gaia_comparison(table: pd.DataFrame) -> Figure:
    """Recommended velocities beside Gaia's, for good and for poor spectra (Figure 14).

    Parameters
    ----------
    table : pandas.DataFrame
        Of `mstars.literature.criteria.gaia_velocities`.
    """
    figure = new_figure(COLUMN_WIDTH, 5.9)
    for axes, good in zip(figure.subplots(2, 1), (True, False), strict=True):
        _gaia_panel(axes, table[table["good"] == good], "high-quality spectra" if good else "low-quality spectra")
    handles = {
        name: handle for axes in figure.axes for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=2, handletextpad=0.1)
    return figure


def _gaia_panel(axes, table: pd.DataFrame, title: str) -> None:
    limit = 400.0
    axes.set_xlabel(r"Gaia RV (km s$^{-1}$)")
    axes.set_ylabel(r"RV (km s$^{-1}$)")
    axes.set_xlim(-limit, limit)
    axes.set_ylim(-limit, limit)
    axes.set_title(title)
    table = table[table["gaia_rv"].notna() & table["rv"].notna()]
    if not len(table):
        no_data(axes, f"no {title} with a reliable Gaia velocity")
        return
    doubted, updated = table[table["doubted"]], table[table["updated"]]
    kept = table[~table["updated"] & ~table["doubted"]]
    density(axes, kept["gaia_rv"], kept["rv"], color=BLUE, extent=(-limit, limit, -limit, limit))
    axes.scatter(
        updated["gaia_rv"], updated["lamost_rv"], s=8, c=GREY, marker="+", linewidths=0.5, label="LAMOST, unreliable"
    )
    axes.scatter(updated["gaia_rv"], updated["rv"], s=6, c=RED, linewidths=0, label="updated")
    if len(doubted):
        shape = {"marker": "D", "facecolors": "none", "edgecolors": ORANGE, "linewidths": 0.7}
        axes.scatter(doubted["gaia_rv"], doubted["rv"], s=9, label="LAMOST, doubted, not reviewed", **shape)
    axes.scatter([], [], s=6, c=BLUE, linewidths=0, label="LAMOST, reliable")
    axes.plot([-limit, limit], [-limit, limit], color=BLACK, lw=0.6)
    difference_note(axes, table["rv"] - table["gaia_rv"], "rv", more=f"{len(table)} spectra")
