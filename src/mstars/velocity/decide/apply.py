"""Decisions and consensus put into the catalogue (section 3.4.3, Table 7)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.velocities import RV_FROM, SOURCES


def apply_decisions(catalog: pd.DataFrame, queue: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """m_catalog_v3: LAMOST's velocity, or for decided candidates the one of their label.

    Parameters
    ----------
    catalog : pandas.DataFrame
        m_catalog_v2.
    queue : pandas.DataFrame
        Of `candidates`; decisions about spectra outside it may name LAMOST only.
    decisions : pandas.DataFrame
        spectrum_key, label, review_status.

    Returns
    -------
    pandas.DataFrame
        The catalogue with rv, rv_err (km/s; NaN: none), rv_from and rv_review.

    Raises
    ------
    InputError
        When a label is unknown, or asks for a velocity that could not be measured.
    """
    unknown = sorted(set(decisions["label"]) - set(RV_FROM))
    if unknown:
        raise InputError(f"queue rv: label {unknown[0]!r} is not one of {', '.join(RV_FROM)}")
    result = catalog.copy()
    result["rv"] = result["lamost_rv"].astype(float)
    error = result["lamost_rv_err"].astype(float)
    result["rv_err"] = error.where(error > 0)
    result["rv_from"] = "LAMOST"
    result["rv_review"] = ""
    decided = decisions.merge(queue, on="spectrum_key", how="left", suffixes=("_decision", ""))
    row_of = pd.Series(np.arange(len(result)), index=result["spectrum_key"])
    decided = decided[decided["spectrum_key"].isin(row_of.index)]
    rows = row_of[decided["spectrum_key"]].to_numpy()
    value, spread = np.full(len(decided), np.nan), np.full(len(decided), np.nan)
    label = decided["label"].to_numpy(dtype=object)
    for method, (rv, rv_error) in SOURCES.items():
        chosen = label == method
        source = result.iloc[rows] if method == "LAMOST" else decided
        value[chosen] = source[rv].to_numpy(dtype=float)[chosen] if rv in source else np.nan
        spread[chosen] = source[rv_error].to_numpy(dtype=float)[chosen] if rv_error in source else np.nan
        asked = chosen & ~np.isfinite(value) & (decided["review_status"] == "reviewed").to_numpy()
        if asked.any():
            raise InputError(
                f"queue rv: {decided['spectrum_key'][asked].iloc[0]} was given {method}, but has no velocity of that "
                "method: choose another label"
            )
    result.iloc[rows, result.columns.get_loc("rv")] = value
    result.iloc[rows, result.columns.get_loc("rv_err")] = np.where(spread > 0, spread, np.nan)
    result.iloc[rows, result.columns.get_loc("rv_from")] = label
    result.iloc[rows, result.columns.get_loc("rv_review")] = decided["review_status"].to_numpy(dtype=object)
    result.loc[~np.isfinite(result["rv"]) & (result["rv_from"] == "LAMOST"), "rv_from"] = "NoRV_lowQuality"
    return result


def table7(catalog: pd.DataFrame, queue: pd.DataFrame) -> dict[str, int]:
    """Table 7: how many candidates ended with each ``rv_from``."""
    part = catalog[catalog["spectrum_key"].isin(queue["spectrum_key"])]
    return {name: int((part["rv_from"] == name).sum()) for name in RV_FROM}
