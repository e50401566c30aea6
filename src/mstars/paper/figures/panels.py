"""Which spectra go into the panels of Figures 23 to 25, and which of them are marked."""

from __future__ import annotations

import pandas as pd

from mstars.core.config.outputs import Outliers
from mstars.core.labels import APOGEE_COLUMNS, LABELS
from mstars.core.missing import without_missing
from mstars.paper.figures.literature_comparison import outliers

MARKED = {
    "fig23": ("red", "green", "orange", "orange +"),
    "fig24": ("red", "green", "red +"),
    "fig25": ("red", "green", "red +"),
}
"""Outlier groups that the paper's figures mark."""

COLOURS = {
    "bp_rp_0": ("bp_rp", r"$(G_{\rm BP} - G_{\rm RP})_0$ (mag)"),
    "W1_W2_0": ("w1_w2", r"$(W1 - W2)_0$ (mag)"),
}
"""For each colour of the catalogue its column in the isochrones and the label of its axis."""


def parameter_panels(
    catalog: pd.DataFrame, apogee: pd.DataFrame, literature: dict[str, pd.DataFrame] | None = None
) -> dict[str, pd.DataFrame]:
    """Recommended spectra with APOGEE's parameters, with this work's, and with those of literature catalogues.

    Parameters
    ----------
    catalog : pandas.DataFrame
        The recommended catalogue; rows with parameter_flag 1 are used.
    apogee : pandas.DataFrame
        The crossmatch: spectrum_key, TEFF, LOGG, M_H, ALPHA_M (null or -9999: none).
    literature : dict of DataFrame, optional
        By title: spectrum_key and ``{label}_catalog`` of the spectra compared in section 4.2.2.

    Returns
    -------
    dict of DataFrame
        By title, with the columns of ``catalog``.
    """
    recommended = catalog[catalog["parameter_flag"] == 1]
    place = recommended.drop(columns=list(LABELS))
    names = {column: name for name, column in APOGEE_COLUMNS.items()}
    theirs = apogee[["spectrum_key", *names]].rename(columns=names)
    theirs[list(LABELS)] = without_missing(theirs[list(LABELS)])
    panels = {"APOGEE": place.merge(theirs.dropna(subset="teff"), on="spectrum_key"), "This work": recommended}
    names = {f"{name}_catalog": name for name in LABELS}
    for title, joined in (literature or {}).items():
        panels[title] = place.merge(joined[["spectrum_key", *names]].rename(columns=names), on="spectrum_key")
    return panels


WISE_ERROR_MAX = 0.03
"""Stars with smaller errors of W1 and W2 are shown in Fig. 25, mag (section 4.3)."""


def colour_sample(catalog: pd.DataFrame, colour: str) -> pd.DataFrame:
    """Dwarfs whose colour can be trusted (section 4.3).

    Parameters
    ----------
    catalog : pandas.DataFrame
        The recommended catalogue.
    colour : str
        A key of `COLOURS`. For Gaia's colour CMD_flag must be 1. For that of WISE the errors of W1 and W2 must be below
        `WISE_ERROR_MAX`.
    """
    dwarfs = catalog[catalog["luminosity_class"] == "dM"]
    if colour == "bp_rp_0":
        return dwarfs[dwarfs["CMD_flag"] == 1]
    return dwarfs[(dwarfs["e_W1"] < WISE_ERROR_MAX) & (dwarfs["e_W2"] < WISE_ERROR_MAX)]


def marked_spectra(sample: pd.DataFrame, literature: dict[str, pd.DataFrame], limits: Outliers, figure: str) -> dict:
    """Spectra that Figures 15 to 22 mark as outliers, by marker: their spectrum_key.

    Parameters
    ----------
    sample : pandas.DataFrame
        The spectra of section 4.2.2: spectrum_key, luminosity_class, {label}_this, {label}_apogee.
    literature : dict of DataFrame
        By name of the catalogue: the same with {label}_catalog.
    limits : Outliers
    figure : str
        A key of `MARKED`.
    """
    marked = {}
    for name, table in {"": sample, **literature}.items():
        for kind, rows in table.groupby("luminosity_class"):
            for marker, mask in outliers(rows, name, kind, limits).items():
                marked[marker] = pd.concat([marked.get(marker, pd.Series(dtype=str)), rows.loc[mask, "spectrum_key"]])
    return {marker: marked[marker].drop_duplicates() for marker in MARKED[figure] if marker in marked}
