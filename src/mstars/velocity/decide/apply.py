"""Decisions and consensus put into the catalogue (section 3.4.3, Table 7)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.core.errors import InputError
from mstars.core.velocities import RV_FROM, SOURCES
from mstars.files.tables import among
from mstars.velocity.decide.best import best_velocity, gather_methods, method_offsets
from mstars.velocity.decide.zero_point import repeat_pulls, zero_point

CATALOG_COLUMNS = ["spectrum_key", "plate", "lamost_rv", "lamost_rv_err"]
GAIA_COLUMNS = ["spectrum_key", "star_id", "radial_velocity", "radial_velocity_error"]
"""Columns of m_catalog_v2 and of Gaia's table that the decisions and the final velocities take."""

_REMEASURED = ("_tml7500", "_dsel", "_tml7500_err", "_dsel_err", "tml7500_flag", "dsel_flag", "middle_flag")


def apply_decisions(catalog: pd.DataFrame, queue: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """The paper's velocities: LAMOST's, or for decided candidates the one of their label.

    Parameters
    ----------
    catalog : pandas.DataFrame
        m_catalog_v2: `CATALOG_COLUMNS`.
    queue : pandas.DataFrame
        Of `mstars.velocity.decide.queue.rv_queue`; decisions about spectra outside it may name LAMOST only.
    decisions : pandas.DataFrame
        spectrum_key, label, review_status.

    Returns
    -------
    pandas.DataFrame
        The catalogue with rv_paper, rv_paper_err (km/s; NaN: none), rv_paper_from and rv_review.

    Raises
    ------
    InputError
        When a label is unknown, or asks for a velocity that could not be measured.
    """
    unknown = sorted(set(decisions["label"]) - set(RV_FROM))
    if unknown:
        raise InputError(f"queue rv: label {unknown[0]!r} is not one of {', '.join(RV_FROM)}")
    result = catalog.copy()
    result["rv_paper"] = result["lamost_rv"].astype(float)
    error = result["lamost_rv_err"].astype(float)
    result["rv_paper_err"] = error.where(error > 0)
    result["rv_paper_from"] = "LAMOST"
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
    result.iloc[rows, result.columns.get_loc("rv_paper")] = value
    result.iloc[rows, result.columns.get_loc("rv_paper_err")] = np.where(spread > 0, spread, np.nan)
    result.iloc[rows, result.columns.get_loc("rv_paper_from")] = label
    result.iloc[rows, result.columns.get_loc("rv_review")] = decided["review_status"].to_numpy(dtype=object)
    lost = ~np.isfinite(result["rv_paper"]) & (result["rv_paper_from"] == "LAMOST")
    result.loc[lost, "rv_paper_from"] = "NoRV_lowQuality"
    return result


def combine_methods(
    catalog: pd.DataFrame,
    selection: pd.DataFrame,
    queue: pd.DataFrame,
    options: SelectionOptions,
    *,
    common_kms: float = 0.0,
) -> tuple[pd.DataFrame, dict[str, float]]:
    """The best velocity of each row (`mstars.velocity.decide.best`).

    Parameters
    ----------
    catalog : pandas.DataFrame
        Of `apply_decisions`.
    selection : pandas.DataFrame
        Of `select`: every method that was measured in all spectra.
    queue : pandas.DataFrame
        Of `candidates`: TML7500 and DSEL of the queued ones.
    options : SelectionOptions
    common_kms : float
        What the errors of all methods share.

    Returns
    -------
    best : pandas.DataFrame
        rv_best, rv_best_err (km/s), rv_best_from, in the order of the catalogue.
    offsets : dict of str to float
        What was added to a method's velocities to bring them to template matching's scale, km/s.
    """
    more = ["spectrum_key", *(name for name in queue.columns if name.endswith(_REMEASURED))]
    table = catalog[["spectrum_key"]].merge(selection, on="spectrum_key", how="left", validate="one_to_one")
    table = table.merge(queue[more], on="spectrum_key", how="left", validate="one_to_one")
    queued = among(catalog["spectrum_key"], queue["spectrum_key"])
    label = np.where(queued, catalog["rv_paper_from"].to_numpy(dtype=str), "")
    offsets = method_offsets(table, options)
    methods = gather_methods(table, offsets, options)
    return best_velocity(methods, label, agree_sigma=options.agree_sigma, common_kms=common_kms), offsets


def choose(catalog: pd.DataFrame, which: str) -> pd.DataFrame:
    """Give the plain names rv, rv_err and rv_from to one of the two velocities of a catalogue.

    Parameters
    ----------
    catalog : pandas.DataFrame
        With ``rv_paper`` and ``rv_best``, each with ``_err`` and ``_from``.
    which : {'best', 'paper'}
        ``catalog.rv`` of the config. Where no method measured anything the best velocity is empty, and ``rv_from``
        says which NoRV the paper's rule gives.

    Returns
    -------
    pandas.DataFrame
        The catalogue with rv, rv_err (km/s) and rv_from.
    """
    plain = {f"rv{end}": catalog[f"rv_{which}{end}"] for end in ("", "_err", "_from")}
    none = plain["rv_from"] == ""
    reason = catalog["rv_paper_from"].where(catalog["rv_paper_from"].str.startswith("NoRV"), "NoRV_lowQuality")
    plain["rv_from"] = plain["rv_from"].mask(none, reason)
    return catalog.assign(**plain)


def final_velocities(
    catalog: pd.DataFrame,
    selection: pd.DataFrame,
    queue: pd.DataFrame,
    gaia: pd.DataFrame,
    options: SelectionOptions,
    *,
    common_kms: float,
    which: str,
) -> tuple[pd.DataFrame, dict]:
    """The velocities of m_catalog_v3, and what they are worth.

    Parameters
    ----------
    catalog : pandas.DataFrame
        Of `apply_decisions`.
    selection, queue, options, common_kms
        As for `combine_methods`.
    gaia : pandas.DataFrame
        As for `mstars.velocity.decide.zero_point.zero_point`, with star_id.
    which : {'best', 'paper'}
        As for `choose`.

    Returns
    -------
    catalog : pandas.DataFrame
        With the columns of `combine_methods`, `choose` and `zero_point`.
    summary : dict
        That of `zero_point`; repeats_tm and repeats_rv of `repeat_pulls`; method_offsets_kms.
    """
    best, offsets = combine_methods(catalog, selection, queue, options, common_kms=common_kms)
    catalog = choose(pd.concat([catalog.reset_index(drop=True), best], axis=1), which)
    shift, summary = zero_point(catalog, gaia)
    catalog = pd.concat([catalog, shift.reset_index(drop=True)], axis=1)
    stars = catalog.merge(selection[["spectrum_key", "rv_tm", "rv_tm_err"]], on="spectrum_key")
    stars = stars.merge(gaia[["spectrum_key", "star_id"]].drop_duplicates("spectrum_key"), on="spectrum_key")
    repeats = {"repeats_tm": repeat_pulls(stars), "repeats_rv": repeat_pulls(stars, "rv", "rv_err")}
    return catalog, summary | repeats | {"method_offsets_kms": offsets}


def table7(catalog: pd.DataFrame, queue: pd.DataFrame) -> dict[str, int]:
    """Table 7: how many candidates ended with each ``rv_paper_from``.

    Parameters
    ----------
    catalog : pandas.DataFrame
        spectrum_key, rv_paper_from.
    queue : pandas.DataFrame
        spectrum_key of the candidates.

    Returns
    -------
    dict of str to int
    """
    part = catalog[among(catalog["spectrum_key"], queue["spectrum_key"])]
    return {name: int((part["rv_paper_from"] == name).sum()) for name in RV_FROM}
