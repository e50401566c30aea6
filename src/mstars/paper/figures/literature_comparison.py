"""Parameters beside a literature catalogue and APOGEE, in the paper's three columns (Figures 15 to 22)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mstars.core.config.outputs import Outliers
from mstars.core.labels import LABELS
from mstars.paper.figures.colours import GREY
from mstars.paper.figures.style import (
    LABEL,
    PAGE_WIDTH,
    UNIT,
    density,
    difference_note,
    free_corner,
    marker_handles,
    marker_style,
    new_figure,
    no_data,
    one_to_one,
    span,
    styled,
)

BLUE_LOGG = (4.55, 5.05)
"""Blue, Ding2022: log g of this work below the first (plus signs) or above the second (dots), dex (section 4.3)."""

ORANGE_LOGG = (3.5, 4.35)
"""Orange, Ding2022: their log g of a dwarf below the first (plus) or between the two (dots), dex (section 4.3)."""

PURPLE_ALPHA = (0.18, 0.24)
"""Purple, Qiu2023: APOGEE's [alpha/M] of a giant between the two, dex, and this work's lower (section 4.2.2)."""


def outliers(table: pd.DataFrame, name: str, kind: str, limits: Outliers) -> dict[str, np.ndarray]:
    """The stars that a figure marks.

    Parameters
    ----------
    table : pandas.DataFrame, [n]
        {label}_this, {label}_apogee, {label}_catalog.
    name : str
        Of the catalogue: ding2022, li2021, qiu2023 or another.
    kind : str
        dM or gM.
    limits : Outliers
        From the config, ``compare.outliers``.

    Returns
    -------
    dict of str to ndarray, bool [n]
        By a key of `mstars.paper.figures.style.MARKERS`, for the groups that occur.
    """
    columns = [f"{label}{side}" for label in LABELS for side in _SIDES]
    table = table.reindex(columns=columns).astype(float)
    value = {column: table[column].to_numpy() for column in columns}
    groups = {}
    with np.errstate(invalid="ignore"):
        if kind == "dM":
            groups["red"] = np.abs(value["teff_this"] - value["teff_apogee"]) > limits.red_teff_k
            groups["green"] = value["logg_this"] - value["logg_apogee"] > limits.green_logg_dex
        if kind == "dM" and name == "ding2022":
            has = np.isfinite(value["logg_apogee"])
            groups["blue"] = has & (value["logg_this"] > BLUE_LOGG[1])
            groups["blue +"] = has & (value["logg_this"] < BLUE_LOGG[0])
            groups["orange"] = (value["logg_catalog"] < ORANGE_LOGG[1]) & (value["logg_catalog"] >= ORANGE_LOGG[0])
            groups["orange +"] = (
                value["logg_catalog"] < ORANGE_LOGG[0]
            )  # beyond the limits of Figure 17, shown in Figure 23
        if name == "li2021":
            low = value["teff_apogee"] - value["teff_catalog"] > limits.red_plus_teff_k
            groups["red +"] = low & (value["teff_catalog"] < 3600)
        if kind == "gM" and name == "qiu2023":
            low, high = PURPLE_ALPHA
            inside = (value["alpha_m_apogee"] > low) & (value["alpha_m_apogee"] < high)
            groups["purple"] = inside & (value["alpha_m_this"] < value["alpha_m_apogee"] - 0.05)
    return {marker: mask for marker, mask in groups.items() if mask.any()}


_SIDES = ("_this", "_apogee", "_catalog")


@styled
def draw_comparison(
    joined: pd.DataFrame, name: str, title: str, kind: str, limits: Outliers, reason: str = ""
) -> Figure:
    """Catalogue against this work, catalogue against APOGEE, this work against APOGEE, for each label (Figs. 15 to 22).

    Parameters
    ----------
    joined : pandas.DataFrame
        {label}_this, {label}_apogee, {label}_catalog of the stars of this class (K, dex).
    name, title : str
        The catalogue's.
    kind : str
        dM or gM.
    limits : Outliers
        From the config, ``compare.outliers``.
    reason : str
        Stands in the figure when there is nothing to show.
    """
    shown = [label for label in LABELS if len(joined) and joined[f"{label}_catalog"].notna().any()]
    if not shown:
        figure = new_figure(PAGE_WIDTH, 2.0)
        no_data(figure.subplots(), reason or f"{title} has no {kind} in common with this work")
        return figure
    names = {"catalog": title, "this": "This work", "apogee": "APOGEE"}
    marked = outliers(joined, name, kind, limits)
    figure = new_figure(PAGE_WIDTH, 2.15 * len(shown) + 0.2)
    panels = figure.subplots(len(shown), 3, squeeze=False)
    for row, label in zip(panels, shown, strict=True):
        ends = span(*(joined[f"{label}_{side}"] for side in names), share=0.003)
        for axes, (y, x) in zip(row, (("catalog", "this"), ("catalog", "apogee"), ("this", "apogee")), strict=True):
            values = {side: joined[f"{label}_{side}"].to_numpy(float, na_value=np.nan) for side in names}
            values[y] = np.where(np.isfinite(values["catalog"]), values[y], np.nan)
            _panel(axes, values[x], values[y], marked, ends, label)
            unit = f" ({UNIT[label]})"
            axes.set_xlabel(f"{names[x]} {LABEL[label]}{unit}")
            axes.set_ylabel(f"{names[y]} {LABEL[label]}{unit}")
    figure.suptitle(f"{title} and this work: {kind}", fontsize=8)
    if marked:
        figure.legend(handles=marker_handles(marked), loc="outside lower center", ncols=4, fontsize=6)
    return figure


def _panel(axes, x, y, marked: dict[str, np.ndarray], ends, label: str) -> None:
    one_to_one(axes, ends)
    both = np.isfinite(x) & np.isfinite(y)
    if not both.any():
        no_data(axes, "no star in common")
        return
    density(axes, x, y, color=GREY, extent=(*ends, *ends), cmap="Greys")
    for marker, mask in marked.items():
        axes.scatter(x[mask], y[mask], zorder=3, rasterized=True, **marker_style(marker))
    corner = free_corner(axes, x[both], y[both])
    difference_note(axes, (y - x)[both], label, corner, f"{both.sum()} spectra")
