"""Fig. 10's clipping: LAMOST velocities that template matching and lines contradict (section 3.4.3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.core.errors import InputError
from mstars.velocity.decide.lamost_error import LamostError

PAPER_BANDS = {"tm": (3.63, 11.95), "dsal1": (5.02, 28.90), "dsal2": (14.05, 45.93)}
"""Means and standard deviations of Fig. 10, km/s: used where a survey has too few spectra for its own."""


def clipped_band(difference: np.ndarray, width: float, most: int = 200) -> tuple[float, float, int]:
    """Mean and standard deviation after removing values outside ``width`` sigma until none is left to remove.

    Parameters
    ----------
    difference : ndarray of float64, [n]
        km/s; NaN: none.
    width : float
        Standard deviations.
    most : int
        Rounds at most.

    Returns
    -------
    mean, sigma : float
        km/s; NaN without any finite value.
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


def band_of(name: str, difference: np.ndarray, width: float, min_for_band: int) -> dict:
    """A band of Fig. 10: the survey's own, or the paper's where there are too few differences.

    Parameters
    ----------
    name : str
        One of `PAPER_BANDS`.
    difference : ndarray of float64, [n]
        km/s; NaN: none.
    width : float
        Half width of the band, standard deviations.
    min_for_band : int
        Differences that an own band needs.

    Returns
    -------
    dict
        mean, sigma (km/s), k (the width), n (differences), n_kept (after clipping), own (whether it is the survey's).
    """
    mean, sigma, count = clipped_band(difference, width)
    known = int(np.isfinite(difference).sum())
    own = known >= min_for_band
    if not own:
        mean, sigma = PAPER_BANDS[name]
    return {"mean": mean, "sigma": sigma, "k": width, "n": known, "n_kept": count, "own": bool(own)}


def inside_band(difference: np.ndarray, band: dict) -> np.ndarray:
    """Whether each difference lies in a band.

    Parameters
    ----------
    difference : ndarray of float64, [n]
        km/s.
    band : dict
        Of `band_of`.

    Returns
    -------
    ndarray of bool, [n]
        False for NaN.
    """
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
        dsal_used ('I', 'II' or ''), in_dsal_band, reliable, candidate, candidate_reasons ('no_lamost_rv', 'tm_dsal',
        'fast' or '').
    summary : dict
        Bands and counts, the numbers in Fig. 10's corners. ``n_suspect`` (outside a DSAL band, without DSAL, or without
        a LAMOST velocity) and ``n_fast`` make ``n_candidates``. ``dsal_bands``: both choices of `dsal_band`.

    Raises
    ------
    InputError
        When catalogue rows were not measured.
    """
    options = options or SelectionOptions()
    table = _joined(catalog, measured)
    lamost = table["lamost_rv"].to_numpy()
    z_error, snri = (table[name].to_numpy(dtype=float, na_value=np.nan) for name in ("lamost_rv_err", "snri"))
    table["lamost_error"] = (lamost_error or LamostError()).error(z_error, snri)
    have = np.isfinite(lamost)
    difference = np.where(have, table["rv_tm"] - lamost, np.nan)
    bands = {"tm": band_of("tm", difference, options.tm_sigma, options.min_for_band)}
    in_tm = inside_band(difference, bands["tm"])
    outside = have & ~in_tm
    used, in_dsal, dsal_bands, choices = _compare_lines(table, outside, options)
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
    return table, _summary(table, bands | dsal_bands, have) | {"dsal_bands": choices}


def _joined(catalog: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """Measured columns beside LAMOST's velocities, NaN where LAMOST has none (Z = -9999)."""
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
    table["lamost_rv"] = table["lamost_rv"].to_numpy(dtype=float, na_value=np.nan)
    return table


def _compare_lines(
    table: pd.DataFrame, outside: np.ndarray, options: SelectionOptions
) -> tuple[np.ndarray, np.ndarray, dict, dict]:
    """Spectra outside TM's band against DSAL I, or II where there is no I.

    Returns which was used, whether it agrees, the bands in force, and by ``dsal_band`` (whose differences give mean and
    sigma: of the spectra compared, or of all that have a velocity) the bands and how many spectra are outside each.
    """
    lamost, first, second = (table[name].to_numpy() for name in ("lamost_rv", "rv_dsal1", "rv_dsal2"))
    used = np.where(outside & np.isfinite(first), "I", np.where(outside & np.isfinite(second), "II", ""))
    inside, choices = np.zeros(len(table), bool), {"all": {}, "outside": {}}
    for name, which, value in (("dsal1", "I", first), ("dsal2", "II", second)):
        compared = np.where(used == which, value - lamost, np.nan)
        for choice, source in (("all", value - lamost), ("outside", compared)):
            band = band_of(name, source, options.dsal_sigma, options.min_for_band) | {"of": choice}
            agrees = inside_band(compared, band)
            choices[choice][name] = band | {"n_outside": int((np.isfinite(compared) & ~agrees).sum())}
            if choice == options.dsal_band:
                inside |= agrees
    return used, inside, choices[options.dsal_band], choices


def _summary(table: pd.DataFrame, bands: dict, have: np.ndarray) -> dict:
    """Bands, and the counts in Fig. 10's corners; ``have``: where there is a LAMOST velocity."""
    used, in_dsal = table["dsal_used"], table["in_dsal_band"]
    outside = have & ~table["in_tm_band"]
    fast, candidates = int((table["candidate_reasons"] == "fast").sum()), int(table["candidate"].sum())
    return {
        "bands": bands,
        "n": len(table),
        "n_outside_tm": int(outside.sum()),
        "n_outside_dsal1": int(((used == "I") & ~in_dsal).sum()),
        "n_outside_dsal2": int(((used == "II") & ~in_dsal).sum()),
        "n_no_lamost_rv": int((~have).sum()),
        "n_without_dsal": int((outside & (used == "")).sum()),
        "n_suspect": candidates - fast,
        "n_fast": fast,
        "n_candidates": candidates,
    }
