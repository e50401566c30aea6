"""Activity and metallicity classes from line and band indices. The paper has no such figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mstars.core.robust import ONE_SIGMA, share_limits
from mstars.paper.figures.colours import BLACK, BLUE, GREY, RED
from mstars.paper.figures.style import PAGE_WIDTH, WHITE, density, new_figure, no_data, note, styled
from mstars.spectra.band_indices import ACTIVE_ABOVE, CLASS_LIMITS, solar_tio5

_LEAST = 5
_DASHES = ("-", "--", ":")


def active_share(extension: pd.DataFrame) -> pd.DataFrame:
    """Share of active dwarfs by subtype.

    Parameters
    ----------
    extension : pandas.DataFrame
        luminosity_class, active (0, 1 or null), subtype_tio5.

    Returns
    -------
    pandas.DataFrame
        subtype (of TiO5, the nearest integer), n, share, and low and high, its 68 % limits (Wilson 1927).
    """
    known = extension[(extension["luminosity_class"] == "dM") & extension["active"].notna()]
    known = known[known["subtype_tio5"].astype(float).between(-1.5, 9.5)]
    group = known["active"].astype(int).groupby(np.floor(known["subtype_tio5"].astype(float) + 0.5).astype(int))
    found = pd.DataFrame({"n": group.size(), "share": group.mean()}).rename_axis("subtype").reset_index()
    found["low"], found["high"] = share_limits(found["n"] * found["share"], found["n"], ONE_SIGMA)
    return found[found["n"] >= _LEAST].reset_index(drop=True)


@styled
def draw_indices(extension: pd.DataFrame, calibration: str) -> Figure:
    """H alpha against subtype, share of active dwarfs, and CaH2 + CaH3 against TiO5 with the limits of zeta.

    Parameters
    ----------
    extension : pandas.DataFrame
        luminosity_class, cah2, cah3, tio5, ewha (angstrom, positive in emission), active, subtype_tio5.
    calibration : {'zhang2019', 'lepine2007'}
        Of zeta.
    """
    figure = new_figure(PAGE_WIDTH, 2.5)
    panels = figure.subplots(1, 3)
    dwarfs = extension[extension["luminosity_class"] == "dM"]
    _emission(panels[0], dwarfs)
    _share(panels[1], active_share(extension))
    _metallicity(panels[2], extension, calibration)
    return figure


def _emission(axes, dwarfs: pd.DataFrame) -> None:
    axes.set_xlabel("Subtype (TiO5)")
    axes.set_ylabel(r"H$\alpha$ equivalent width (Å)")
    x, y = (dwarfs[name].to_numpy(float, na_value=np.nan) for name in ("subtype_tio5", "ewha"))
    if not (np.isfinite(x) & np.isfinite(y)).any():
        no_data(axes, "no dwarf with H-alpha")
        return
    density(axes, x, y, color=GREY, size=2.0, extent=(-3.0, 9.0, -3.0, 12.0), cmap="Greys")
    axes.axhline(ACTIVE_ABOVE, color=BLACK, ls="--", lw=0.7)
    axes.set(xlim=(-3, 9), ylim=(-3, 12))
    known = int(dwarfs["active"].notna().sum())
    note(axes, f"{int((dwarfs['active'] == 1).sum())} active of {known} dwarfs", bbox=WHITE)


def _share(axes, table: pd.DataFrame) -> None:
    axes.set_xlabel("Subtype (TiO5)")
    axes.set_ylabel("Share of active dwarfs")
    if not len(table):
        no_data(axes, "too few dwarfs of any subtype")
        return
    bars = np.maximum([table["share"] - table["low"], table["high"] - table["share"]], 0)
    axes.errorbar(table["subtype"], table["share"], bars, fmt="o", ms=3, color=RED, lw=0.7)
    axes.set_ylim(0, 1.05 * max(table["high"].max(), 0.1))


def _metallicity(axes, extension: pd.DataFrame, calibration: str) -> None:
    axes.set_xlabel("TiO5")
    axes.set_ylabel("CaH2 + CaH3")
    drawn = False
    for kind, color in (("dM", GREY), ("gM", BLUE)):
        rows = extension[extension["luminosity_class"] == kind]
        x, y = (
            rows["tio5"].to_numpy(float, na_value=np.nan),
            (rows["cah2"] + rows["cah3"]).to_numpy(float, na_value=np.nan),
        )
        if (np.isfinite(x) & np.isfinite(y)).any():
            map_ = "Greys" if kind == "dM" else "Blues"
            density(axes, x, y, color=color, size=2.0, extent=(0.0, 1.3, 0.2, 2.4), cmap=map_)
            axes.scatter([], [], s=6, c=color, label=kind)
            drawn = True
    if not drawn:
        no_data(axes, "no spectrum with TiO5 and CaH")
        return
    cah = np.linspace(0.2, 2.0, 200)
    for dash, limit in zip(_DASHES, sorted(CLASS_LIMITS, reverse=True), strict=True):
        tio5 = 1 - limit * (1 - solar_tio5(cah, calibration))
        axes.plot(tio5, cah, color=BLACK, ls=dash, lw=0.7, label=rf"$\zeta$ = {limit:g}")
    axes.set(xlim=(0.0, 1.3), ylim=(0.2, 2.4))
    axes.legend(loc="lower right", fontsize=6, handlelength=1.8)
