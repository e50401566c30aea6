"""Precision from repeated observations of the same stars, as a function of S/N."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.robust import MAD_STD_ERROR, mad_std
from mstars.parameters.precision import fit_precision

FLAG_OF = {"rv": "rv_flag", "teff": "parameter_flag", "logg": "parameter_flag", "m_h": "parameter_flag"}
FLAG_OF |= {"alpha_m": "parameter_flag"}
"""For each quantity the flag that must be 1."""


def repeat_pairs(catalog: pd.DataFrame, name: str) -> pd.DataFrame:
    """Independent pairs of spectra of a star: by S/N_i the first and the second, the third and the fourth, and so on.

    Parameters
    ----------
    catalog : pandas.DataFrame
        star_id, spectrum_key, luminosity_class, snr_i, ``name`` and its flag.
    name : str
        A key of `FLAG_OF`.

    Returns
    -------
    pandas.DataFrame, [pair]
        luminosity_class (of the first), snr_1, snr_2, difference (in the unit of the quantity).
    """
    rows = catalog[(catalog[FLAG_OF[name]] == 1) & (catalog["snr_i"] > 0) & catalog[name].notna()]
    rows = rows.sort_values(["star_id", "snr_i", "spectrum_key"], kind="stable")
    number = rows.groupby("star_id").cumcount()
    first, second = rows[number % 2 == 0], rows[number % 2 == 1]
    left = first.assign(pair=number[number % 2 == 0] // 2).set_index(["star_id", "pair"])
    right = second.assign(pair=number[number % 2 == 1] // 2).set_index(["star_id", "pair"])
    both = left.join(right, how="inner", suffixes=("_1", "_2"))
    difference = both[f"{name}_1"].astype(float) - both[f"{name}_2"].astype(float)
    table = {"luminosity_class": both["luminosity_class_1"], "snr_1": both["snr_i_1"], "snr_2": both["snr_i_2"]}
    return pd.DataFrame({**table, "difference": difference}).reset_index(drop=True)


def binned_scatter(table: pd.DataFrame, edges=(0, 5, 10, 20, 30, 50, 75, 100, 150, 300)) -> pd.DataFrame:
    """Robust standard deviation of one spectrum in intervals of the pairs' mean S/N.

    Parameters
    ----------
    table : pandas.DataFrame, [pair]
        From `repeat_pairs`.
    edges : sequence of float
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        snr (median), n (pairs), sigma and its error (in the unit of the difference); intervals of eight pairs or more.
    """
    snr = 2 / (1 / table["snr_1"] + 1 / table["snr_2"])
    rows = []
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        off = table["difference"][(snr >= low) & (snr < high)].to_numpy(float)
        off = off[np.isfinite(off)]
        if len(off) >= 8:
            sigma = mad_std(off, 0.0) / np.sqrt(2)
            inside = snr[(snr >= low) & (snr < high)]
            rows.append((float(inside.median()), len(off), sigma, MAD_STD_ERROR * sigma / np.sqrt(len(off))))
    return pd.DataFrame(rows, columns=["snr", "n", "sigma", "error"])


def precision_table(catalog: pd.DataFrame) -> pd.DataFrame:
    """`fit_precision` of every quantity and class.

    Parameters
    ----------
    catalog : pandas.DataFrame
        The recommended catalogue.

    Returns
    -------
    pandas.DataFrame
        quantity, kind (dM, gM), a, a_err, b, b_err, n, outliers.
    """
    rows = []
    for name in FLAG_OF:
        table = repeat_pairs(catalog, name)
        for kind in LUMINOSITY_CLASSES:
            own = table[table["luminosity_class"] == kind]
            rows.append(
                {"quantity": name, "kind": kind, **fit_precision(own["snr_1"], own["snr_2"], own["difference"])}
            )
    return pd.DataFrame(rows)
