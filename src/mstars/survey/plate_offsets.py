"""Systematic differences from plate to plate and from spectrograph to spectrograph."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.labels import LABELS
from mstars.core.robust import MEDIAN_ERROR, SIGMA_PER_MAD
from mstars.literature.criteria import good_gaia_velocity

RESIDUALS_OF = ("rv", *LABELS)
"""Quantities with residuals: rv from Gaia's, teff from the median of dwarfs of the same colour, the others from the
median of all dwarfs."""

LEAST = 5
"""Spectra that a median needs."""


def residuals(catalog: pd.DataFrame, gaia: pd.DataFrame) -> pd.DataFrame:
    """Plate, spectrograph and residuals of each recommended spectrum.

    Parameters
    ----------
    catalog : pandas.DataFrame, [n]
        The recommended catalogue.
    gaia : pandas.DataFrame
        The crossmatch: spectrum_key, radial_velocity (km/s) and its quality columns.

    Returns
    -------
    pandas.DataFrame, [n]
        plate, spectrograph, ra, dec, obsdate and `RESIDUALS_OF` (km/s, K, dex; NaN where not known).
    """
    parts = catalog["spectrum_key"].astype(str).str.rsplit("-", n=2)
    table = pd.DataFrame({"plate": parts.str[0], "spectrograph": parts.str[1]}, index=catalog.index)
    table[["ra", "dec", "obsdate"]] = catalog[["ra", "dec", "obsdate"]]
    reliable = gaia.loc[good_gaia_velocity(gaia), ["spectrum_key", "radial_velocity"]]
    theirs = catalog["spectrum_key"].map(reliable.set_index("spectrum_key")["radial_velocity"])
    table["rv"] = (catalog["rv"].astype(float) - theirs.astype(float)).where(catalog["rv_flag"] == 1)
    dwarfs = (catalog["parameter_flag"] == 1) & (catalog["luminosity_class"] == "dM")
    expected = _by_colour(catalog["bp_rp_0"].where(dwarfs & (catalog["CMD_flag"] == 1)), catalog["teff"])
    table["teff"] = (catalog["teff"].astype(float) - expected).where(dwarfs)
    for name in ("logg", "m_h", "alpha_m"):
        values = catalog[name].astype(float).where(dwarfs)
        table[name] = values - values.median()
    return table


def _by_colour(colour: pd.Series, teff: pd.Series, width: float = 0.05) -> pd.Series:
    """Median Teff at each row's colour, interpolated between the medians of intervals of colour."""
    number = np.floor(colour.astype(float) / width)
    medians = teff.astype(float).groupby(number).median()
    if len(medians) < 2:
        return pd.Series(np.nan, index=colour.index)
    places = (medians.index.to_numpy() + 0.5) * width
    found = np.interp(colour.astype(float), places, medians.to_numpy())
    return pd.Series(found, index=colour.index).where(colour.notna())


def group_medians(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Medians of the residuals of each plate or spectrograph.

    Parameters
    ----------
    table : pandas.DataFrame
        From `residuals`.
    by : {'plate', 'spectrograph'}

    Returns
    -------
    pandas.DataFrame
        ``by``, n, ra, dec, obsdate, and of each quantity ``{name}``, the median; ``{name}_err``, its error,
        `MEDIAN_ERROR` robust standard deviations / sqrt(n); ``{name}_n``. Median and error are NaN for fewer than
        `LEAST` spectra.
    """
    group = table.groupby(by, sort=True)
    result = pd.DataFrame({"n": group.size(), "ra": group["ra"].median(), "dec": group["dec"].median()})
    result["obsdate"] = group["obsdate"].min()
    for name in RESIDUALS_OF:
        median, count = group[name].median(), group[name].count()
        off = (table[name] - table[by].map(median)).abs()
        spread = SIGMA_PER_MAD * off.groupby(table[by]).median()
        enough = count >= LEAST
        result[name] = median.where(enough)
        result[f"{name}_err"] = (MEDIAN_ERROR * spread / np.sqrt(count.clip(lower=1))).where(enough)
        result[f"{name}_n"] = count
    return result.reset_index()
