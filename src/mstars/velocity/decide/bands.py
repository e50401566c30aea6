"""The bands of Fig. 10: LAMOST velocities that template matching and lines contradict (section 3.4.3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.velocity.decide.lamost_error import LamostError
from mstars.velocity.decide.options import SelectionOptions

PAPER_BANDS = {"tm": (3.63, 11.95), "dsal1": (5.02, 28.90), "dsal2": (14.05, 45.93)}
"""Means and standard deviations of Fig. 10, km/s: used where a survey has too few spectra for its own."""


def clipped_band(difference: np.ndarray, width: float, most: int = 200) -> tuple[float, float, int]:
    """Mean and standard deviation after removing values outside ``width`` sigma until none is left to remove.

    Returns
    -------
    mean, sigma : float
        NaN without any finite value.
    count : int
        Values that remained.
    """
    rest = difference[np.isfinite(difference)]
    for _ in range(most):
        if len(rest) == 0:
            return np.nan, np.nan, 0
        mean, sigma = rest.mean(), rest.std()
        kept = rest[np.abs(rest - mean) <= width * sigma]
        if len(kept) == len(rest):
            break
        rest = kept
    return float(rest.mean()), float(rest.std()), len(rest)


def _band(name: str, difference: np.ndarray, width: float, options: SelectionOptions) -> dict:
    mean, sigma, count = clipped_band(difference, width)
    own = np.isfinite(difference).sum() >= options.min_for_band
    if not own:
        mean, sigma = PAPER_BANDS[name]
    return {
        "mean": mean,
        "sigma": sigma,
        "k": width,
        "n": int(np.isfinite(difference).sum()),
        "n_kept": count,
        "own": bool(own),
    }


def _inside(difference: np.ndarray, band: dict) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.abs(difference - band["mean"]) <= band["k"] * band["sigma"]


def select(
    catalog: pd.DataFrame,
    measured: pd.DataFrame,
    options: SelectionOptions | None = None,
    lamost_error: LamostError | None = None,
) -> tuple[pd.DataFrame, dict]:
    """Compare LAMOST's velocities with TM, and those outside TM's band with DSAL (Fig. 10).

    Parameters
    ----------
    catalog : pandas.DataFrame
        m_catalog_v2: spectrum_key, lamost_rv, lamost_rv_err, snri.
    measured : pandas.DataFrame
        TM and DSAL of (at least) the same spectra.
    options : SelectionOptions, optional
    lamost_error : LamostError, optional
        Error of LAMOST's velocities beyond c z_err.

    Returns
    -------
    selection : pandas.DataFrame
        One row a catalogue row: the measured columns, lamost_rv(_err), lamost_error (km/s), snri, in_tm_band,
        dsal_used ('I', 'II' or ''), in_dsal_band, reliable, candidate, candidate_reasons (';' between 'no_lamost_rv',
        'tm_dsal', 'fast').
    summary : dict
        Bands and counts, the numbers in Fig. 10's corners.

    Raises
    ------
    InputError
        When catalogue rows were not measured.
    """
    options = options or SelectionOptions()
    table = catalog[["spectrum_key", "lamost_rv", "lamost_rv_err", "snri"]].merge(
        measured, on="spectrum_key", how="left", validate="one_to_one", indicator=True
    )
    missing = table["_merge"] != "both"
    if missing.any():
        raise InputError(
            f"{missing.sum()} spectra of m_catalog_v2 have no measured velocities, first "
            f"{table.spectrum_key[missing].iloc[0]}: delete rv/measure and run again"
        )
    table = table.drop(columns="_merge")
    lamost = table["lamost_rv"].to_numpy(dtype=float, na_value=np.nan)
    table["lamost_rv"] = lamost
    z_error, snri = (table[name].to_numpy(dtype=float, na_value=np.nan) for name in ("lamost_rv_err", "snri"))
    table["lamost_error"] = (lamost_error or LamostError()).error(z_error, snri)
    have = np.isfinite(lamost)  # Z = -9999 goes first
    difference = np.where(have, table["rv_tm"] - lamost, np.nan)
    bands = {"tm": _band("tm", difference, options.tm_sigma, options)}
    in_tm = _inside(difference, bands["tm"])
    outside = have & ~in_tm
    first, second = table["rv_dsal1"].to_numpy(), table["rv_dsal2"].to_numpy()
    used = np.where(outside & np.isfinite(first), "I", np.where(outside & np.isfinite(second), "II", ""))
    in_dsal = np.zeros(len(table), bool)
    for name, which, value in (("dsal1", "I", first), ("dsal2", "II", second)):
        part = np.where(used == which, value - lamost, np.nan)
        source = part if options.dsal_band == "outside" else np.where(have, value - lamost, np.nan)
        bands[name] = _band(name, source, options.dsal_sigma, options)
        in_dsal |= _inside(part, bands[name])
    reliable = in_tm | in_dsal
    fast = reliable & (np.abs(np.nan_to_num(lamost)) > options.check_speed_kms)
    reasons = np.select([~have, ~reliable, fast], ["no_lamost_rv", "tm_dsal", "fast"], "")
    table = table.assign(
        in_tm_band=in_tm,
        dsal_used=used,
        in_dsal_band=in_dsal,
        reliable=reliable,
        candidate=reasons != "",
        candidate_reasons=reasons,
    )
    summary = {
        "bands": bands,
        "n": len(table),
        "n_outside_tm": int(outside.sum()),
        "n_outside_dsal1": int(((used == "I") & ~in_dsal).sum()),
        "n_outside_dsal2": int(((used == "II") & ~in_dsal).sum()),
        "n_no_lamost_rv": int((~have).sum()),
        "n_without_dsal": int((outside & (used == "")).sum()),
        "n_fast": int(fast.sum()),
        "n_candidates": int((reasons != "").sum()),
    }
    return table, summary
