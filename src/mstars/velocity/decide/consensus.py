"""The consensus rule: the velocity taken where no one has looked (section 3.4.3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.velocity.decide.methods import absorption, lamost_errors, method_arrays, usable_methods
from mstars.velocity.decide.wavelength_errors import arms_disagree, stretches_disagree, too_fast


def consensus(table: pd.DataFrame, options: SelectionOptions | None = None) -> pd.Series:
    """The label a candidate gets where no one has looked.

    Rule ``support``: the velocity that the other methods and LAMOST's contradict least (`supported`). Rule ``order``:
    TM, when TM and DSAL (I where it exists, else II) agree within ``agree_sigma``; else the usable method of least
    error, TML7500 and DSEL included.

    Both rules: without a usable method LAMOST's velocity stays. Where that is missing, or the spectrum is poor, there
    is none (NoRV_lowQuality). A LAMOST velocity queued for its speed alone stays when TM confirms it. Wavelengths that
    are wrong give NoRV_waveErr.

    Parameters
    ----------
    table : pandas.DataFrame
        n candidates: columns of `mstars.velocity.decide.bands.select`, of the remeasurement, and ``snri``.
    options : SelectionOptions, optional

    Returns
    -------
    pandas.Series of str, [n]
        One of `RV_FROM`, with the table's index.
    """
    options = options or SelectionOptions()
    good = usable_methods(table, options)
    rv, error = method_arrays(table, good, options)
    lamost = table["lamost_rv"].to_numpy(dtype=float)
    snri = table["snri"].fillna(0).to_numpy(dtype=float)
    nothing = ~np.isfinite(error).any(axis=0)
    if options.consensus == "support":
        label = supported(list(good), rv, error, lamost, lamost_errors(table, options), options)
    else:
        label = np.array(list(good), dtype=object)[error.argmin(axis=0)]
        label[_agree(table, good, options)] = "TM"
    label[nothing] = "LAMOST"
    label[nothing & ~np.isfinite(lamost) | (snri < options.low_quality_snri)] = "NoRV_lowQuality"
    fast = (table["candidate_reasons"] == "fast").to_numpy() & table["in_tm_band"].to_numpy(dtype=bool)
    label[fast] = "LAMOST"
    stretched = arms_disagree(table, good, options) | stretches_disagree(table, options)
    label[too_fast(rv, lamost, options) | stretched] = "NoRV_waveErr"
    return pd.Series(label, index=table.index, dtype=object)


def supported(methods, rv, error, lamost, lamost_error, options: SelectionOptions) -> np.ndarray:
    """The method whose velocity all the others contradict least.

    A method's contradiction is the sum over the others of (difference / combined error)^2, each at most
    ``agree_sigma``^2. DSAL I and II are one measurement: II counts only where I is missing. Of the methods that agree
    with the least contradicted one, LAMOST's stays if it is within ``keep_sigma`` of the others' mean; else TM,
    unless its error is above ``single_error_kms``; else that of least error. One method alone against LAMOST's is
    believed when its error is below ``single_error_kms``.

    Parameters
    ----------
    methods : list of str, [m]
    rv, error : ndarray, [m, n]
        NaN and infinite where not usable.
    lamost, lamost_error : ndarray, [n]
    options : SelectionOptions

    Returns
    -------
    ndarray of str, [n]
    """
    names = np.array([*methods, "LAMOST"], dtype=object)
    value = np.vstack([rv, lamost])
    spread = np.maximum(np.vstack([error, lamost_error]), options.agree_floor_kms)
    known = np.isfinite(value) & np.isfinite(spread)
    place = {name: k for k, name in enumerate(names)}
    if "DSAL_I" in place and "DSAL_II" in place:
        known[place["DSAL_II"]] &= ~known[place["DSAL_I"]]
    value, spread = np.where(known, value, 0.0), np.where(known, spread, 1.0)
    apart = np.abs(value[:, None] - value[None]) / np.hypot(spread[:, None], spread[None])  # [m, m, n]
    most = options.agree_sigma**2
    contradiction = np.where(known[:, None] & known[None], np.minimum(apart**2, most), 0.0).sum(axis=1)
    contradiction = np.where(known, contradiction, np.inf)
    contradiction[-1] += 1e-6  # of equals LAMOST's comes last, then the more certain one leads
    lead = np.lexsort((spread, np.round(contradiction, 9)), axis=0)[0]
    every = np.arange(value.shape[1])
    with_lead = known & (apart[lead, :, every].T <= options.agree_sigma)
    alone = (with_lead.sum(axis=0) == 1) & (spread[lead, every] > options.single_error_kms)
    ranking = np.where(with_lead, spread, np.inf)
    certain = spread[place["TM"]] <= options.single_error_kms
    ranking[place["TM"]] = np.where(with_lead[place["TM"]] & certain, 0.0, ranking[place["TM"]])
    # LAMOST's against the mean of those that agree
    share = np.where(with_lead[:-1], spread[:-1] ** -2.0, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, sure = (share * value[:-1]).sum(axis=0) / share.sum(axis=0), share.sum(axis=0) ** -0.5
    off = np.abs(value[-1] - mean) / np.hypot(np.maximum(sure, options.agree_floor_kms), spread[-1])
    near = known[-1] & ((off <= options.keep_sigma) | ~np.isfinite(mean))
    ranking[place["LAMOST"]] = np.where(near | (alone & known[-1]), -1.0, np.inf)
    return names[ranking.argmin(axis=0)]


def _agree(table: pd.DataFrame, good: dict, options: SelectionOptions) -> np.ndarray:
    """Whether TM and DSAL are usable and agree, bool [n]."""
    lines = absorption(table)
    error = np.maximum(lines.error, options.line_error_floor_kms)
    combined = np.maximum(np.hypot(table["rv_tm_err"], error), options.agree_floor_kms)
    with np.errstate(invalid="ignore"):
        near = np.abs(table["rv_tm"] - lines.rv) <= options.agree_sigma * combined
    return good["TM"] & (good["DSAL_I"] | good["DSAL_II"]) & near.to_numpy()
