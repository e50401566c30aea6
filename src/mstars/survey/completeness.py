"""The share of input spectra that end with a velocity or parameters, by magnitude and colour."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.robust import ONE_SIGMA, share_limits

OUTCOMES = ("recommended", "rv", "parameters")
"""What a spectrum can end with: a place in the recommended catalogue, rv_flag = 1, parameter_flag = 1."""

MAGNITUDE_STEP = 0.5
"""Width of a cell in G, mag."""

COLOUR_STEP = 0.25
"""Width of a cell in BP - RP, mag."""


def magnitudes_and_outcome(m_catalog: pd.DataFrame, gaia: pd.DataFrame, catalog: pd.DataFrame) -> pd.DataFrame:
    """Magnitude and colour of every input spectrum, and what became of it.

    Parameters
    ----------
    m_catalog : pandas.DataFrame, [n]
        The input catalogue: spectrum_key.
    gaia : pandas.DataFrame
        The crossmatch: spectrum_key, phot_g_mean_mag, phot_bp_mean_mag, phot_rp_mean_mag.
    catalog : pandas.DataFrame
        The recommended catalogue: spectrum_key, rv_flag, parameter_flag.

    Returns
    -------
    pandas.DataFrame, [n]
        spectrum_key; g and bp_rp (mag, as observed); `OUTCOMES` (bool).
    """
    photometry = gaia[["spectrum_key", "phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag"]]
    table = m_catalog[["spectrum_key"]].merge(photometry, on="spectrum_key", how="left")
    flags = catalog[["spectrum_key", "rv_flag", "parameter_flag"]].assign(recommended=True)
    table = table.merge(flags, on="spectrum_key", how="left")
    g, blue, red = (table[f"phot_{band}_mean_mag"].to_numpy(dtype=float, na_value=np.nan) for band in ("g", "bp", "rp"))
    became = {
        "recommended": table["recommended"].notna(),
        "rv": (table["rv_flag"] == 1).fillna(False).astype(bool),
        "parameters": (table["parameter_flag"] == 1).fillna(False).astype(bool),
    }
    return pd.DataFrame({"spectrum_key": table["spectrum_key"], "g": g, "bp_rp": blue - red, **became})


def completeness(table: pd.DataFrame, by: tuple[str, ...] = ("g",)) -> pd.DataFrame:
    """Shares of the input in cells of magnitude, or of magnitude and colour.

    Parameters
    ----------
    table : pandas.DataFrame
        From `magnitudes_and_outcome`. Spectra without the magnitude or colour are left out.
    by : tuple of str
        ``("g",)`` or ``("g", "bp_rp")``.

    Returns
    -------
    pandas.DataFrame
        Lower edges ``g`` (and ``bp_rp``), mag; ``n``; of each of `OUTCOMES` the share, with ``_low`` and ``_high``, its
        68 % limits.
    """
    steps = {"g": MAGNITUDE_STEP, "bp_rp": COLOUR_STEP}
    known = table.dropna(subset=list(by))
    cells = {name: np.floor(known[name] / steps[name]) * steps[name] for name in by}
    group = known[list(OUTCOMES)].groupby([cells[name] for name in by], sort=True)
    counts, found = group.size(), group.sum()
    result = found.index.to_frame(index=False).set_axis(list(by), axis=1)
    result["n"] = counts.to_numpy()
    for step in OUTCOMES:
        low, high = share_limits(found[step].to_numpy(), counts.to_numpy(), ONE_SIGMA)
        result[step] = found[step].to_numpy() / np.maximum(counts.to_numpy(), 1)
        result[f"{step}_low"], result[f"{step}_high"] = low, high
    return result
