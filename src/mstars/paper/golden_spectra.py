"""Which spectra of the golden sample are shown beside each other (Du et al. 2024, Figures 11 to 13)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

TEFF_STEP = 150.0
"""Steps of the sequences, K."""

NEAR = {"teff": 40.0, "logg": 0.1, "m_h": 0.1}
"""Labels this near count as the same."""

_Groups = list[list[tuple[str, int]]]
"""Labels and row numbers of the spectra that are drawn over each other."""


def teff_sequence(table: pd.DataFrame) -> _Groups:
    """Spectra of like log g and [M/H] in steps of Teff, class by class (Figure 11)."""
    groups = []
    for kind, own in table.groupby("luminosity_class"):
        middle = own[["logg", "m_h"]].median()
        far = sum(((own[label] - middle[label]) / NEAR[label]) ** 2 for label in ("logg", "m_h"))
        bins = (own["teff"] / TEFF_STEP).round()
        for number in sorted(bins.unique()):
            row = far[bins == number].idxmin()
            groups.append([(f"{kind}: {_told(own.loc[row])}", int(row))])
    return groups


def dwarfs_and_giants(table: pd.DataFrame) -> _Groups:
    """A dwarf and a giant of like Teff and [M/H], in steps of Teff (Figure 12)."""
    dwarfs, giants = (table[table["luminosity_class"] == kind] for kind in ("dM", "gM"))
    groups = []
    for number in sorted((giants["teff"] / TEFF_STEP).round().unique()):
        own = giants[(giants["teff"] / TEFF_STEP).round() == number]
        giant = own.iloc[(own["m_h"] - own["m_h"].median()).abs().argmin()]
        row = _nearest(dwarfs, giant, ("teff", "m_h"))
        if row is not None:
            groups.append([(f"dM: {_told(dwarfs.loc[row])}", int(row)), (f"gM: {_told(giant)}", int(giant.name))])
    return groups


def m_h_sequence(table: pd.DataFrame) -> _Groups:
    """The poorest and the richest star of like Teff and log g, in steps of Teff (Figure 13)."""
    groups = []
    for kind, own in table.groupby("luminosity_class"):
        for number in sorted((own["teff"] / TEFF_STEP).round().unique()):
            like = own[(own["teff"] - number * TEFF_STEP).abs() < NEAR["teff"]]
            like = like[(like["logg"] - like["logg"].median()).abs() < NEAR["logg"]]
            if len(like) > 1 and like["m_h"].max() - like["m_h"].min() > 2 * NEAR["m_h"]:
                rows = like["m_h"].idxmin(), like["m_h"].idxmax()
                groups.append([(f"{kind}: {_told(like.loc[row])}", int(row)) for row in rows])
    return groups


SEQUENCES: dict[str, Callable[[pd.DataFrame], _Groups]] = {
    "teff": teff_sequence,
    "dwarfs_giants": dwarfs_and_giants,
    "m_h": m_h_sequence,
}
"""By the name of the figure's file."""


def _nearest(table: pd.DataFrame, star: pd.Series, labels: tuple[str, ...]) -> int | None:
    if not len(table):
        return None
    far = np.max([np.abs(table[label] - star[label]) / NEAR[label] for label in labels], axis=0)
    return table.index[far.argmin()] if far.min() <= 1 else None


def _told(star: pd.Series) -> str:
    return f"{star['teff']:.0f} K, {star['logg']:.2f}, {star['m_h']:+.2f}"
