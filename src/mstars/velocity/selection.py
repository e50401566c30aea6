"""Which LAMOST velocities to look at, and what to put in their place (section 3.4.3, Fig. 10, Table 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.errors import InputError
from mstars.velocity.lines import LINE_FLAGS
from mstars.velocity.matching import USELESS

RV_FROM = ("LAMOST", "TM", "DSAL_I", "DSAL_II", "TML7500", "DSEL", "NoRV_lowQuality", "NoRV_waveErr")
"""Table 7's values of ``rv_from``."""

SOURCES = {
    "LAMOST": ("lamost_rv", "lamost_rv_err"),
    "TM": ("rv_tm", "rv_tm_err"),
    "DSAL_I": ("rv_dsal1", "rv_dsal1_err"),
    "DSAL_II": ("rv_dsal2", "rv_dsal2_err"),
    "TML7500": ("rv_tml7500", "rv_tml7500_err"),
    "DSEL": ("rv_dsel", "rv_dsel_err"),
}
"""Columns of each method's velocity and error, km/s."""

PAPER_BANDS = {"tm": (3.63, 11.95), "dsal1": (5.02, 28.90), "dsal2": (14.05, 45.93)}
"""Means and standard deviations of Fig. 10, km/s: used where a survey has too few spectra for its own."""


@dataclass(frozen=True)
class SelectionOptions:
    """Thresholds of selection and consensus; the config's ``rvmm.selection`` holds the same keys.

    Attributes
    ----------
    tm_sigma, dsal_sigma : float
        Half widths of the bands of Fig. 10, in standard deviations (3 and 2).
    check_speed_kms : float
        Reliable LAMOST velocities faster than this are looked at too (150).
    min_for_band : int
        With fewer differences, the paper's own mean and standard deviation are taken.
    agree_sigma : float
        TM and DSAL agree when within this many of their combined errors.
    agree_floor_kms : float
        Least combined error taken for that.
    max_error_kms : float
        A method with a larger error is not used.
    max_speed_kms : float
        Methods that agree on more than this: NoRV_waveErr.
    low_quality_snri : float
        Below this S/N in i, a candidate without any usable method is NoRV_lowQuality instead of LAMOST.
    """

    tm_sigma: float = 3.0
    dsal_sigma: float = 2.0
    check_speed_kms: float = 150.0
    min_for_band: int = 30
    agree_sigma: float = 3.0
    agree_floor_kms: float = 5.0
    max_error_kms: float = 40.0
    max_speed_kms: float = 1000.0
    low_quality_snri: float = 5.0


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
    catalog: pd.DataFrame, measured: pd.DataFrame, options: SelectionOptions | None = None
) -> tuple[pd.DataFrame, dict]:
    """Compare LAMOST's velocities with TM, and those outside TM's band with DSAL (Fig. 10).

    Parameters
    ----------
    catalog : pandas.DataFrame
        m_catalog_v2: spectrum_key, lamost_rv, lamost_rv_err.
    measured : pandas.DataFrame
        TM and DSAL of (at least) the same spectra.
    options : SelectionOptions, optional

    Returns
    -------
    selection : pandas.DataFrame
        One row a catalogue row: the measured columns, lamost_rv(_err), in_tm_band, dsal_used ('I', 'II' or ''),
        in_dsal_band, reliable, candidate, candidate_reasons (';' between 'no_lamost_rv', 'tm_dsal', 'fast').
    summary : dict
        Bands and counts, the numbers in Fig. 10's corners.

    Raises
    ------
    InputError
        When catalogue rows were not measured.
    """
    options = options or SelectionOptions()
    table = catalog[["spectrum_key", "lamost_rv", "lamost_rv_err"]].merge(
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
        bands[name] = _band(name, part, options.dsal_sigma, options)
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


def usable_methods(table: pd.DataFrame, options: SelectionOptions) -> dict[str, np.ndarray]:
    """Which rows have an unflagged velocity with an acceptable error, for each method of `SOURCES` but LAMOST."""
    result = {}
    flags = {
        "TM": "tm_flag",
        "DSAL_I": "dsal1_flag",
        "DSAL_II": "dsal2_flag",
        "TML7500": "tml7500_flag",
        "DSEL": "dsel_flag",
    }
    for method, (rv, error) in SOURCES.items():
        if method == "LAMOST" or rv not in table:
            continue
        flag = table[flags[method]].fillna(0).to_numpy(dtype=np.int64)
        forbidden = USELESS | 2 if method in ("TM", "TML7500") else sum(LINE_FLAGS.values())
        with np.errstate(invalid="ignore"):
            good = (flag & forbidden == 0) & np.isfinite(table[rv]) & (table[error] <= options.max_error_kms)
        result[method] = good.to_numpy()
    return result


def consensus(table: pd.DataFrame, options: SelectionOptions | None = None) -> pd.Series:
    """The label a candidate gets where no one has looked (DESIGN.md, 'consensus').

    A LAMOST velocity that was found reliable and is queued for its speed alone stays, when TM confirms it. Then TM,
    when TM and DSAL (I where it exists, else II) agree within ``agree_sigma``; else the unflagged method of least
    error, TML7500 and DSEL included; else LAMOST's, unless it is missing or the spectrum is too poor. All methods above
    ``max_speed_kms``: NoRV_waveErr.

    Parameters
    ----------
    table : pandas.DataFrame
        Candidates: columns of `select`, of the remeasurement, and ``snri``.
    options : SelectionOptions, optional

    Returns
    -------
    pandas.Series of str
        One of `RV_FROM`, with the table's index.
    """
    options = options or SelectionOptions()
    good = usable_methods(table, options)
    label = pd.Series("", index=table.index, dtype=object)
    lamost = table["lamost_rv"].to_numpy(dtype=float)
    label[:] = np.where(np.isfinite(lamost), "LAMOST", "NoRV_lowQuality")
    nothing = ~np.any(list(good.values()), axis=0)
    snri = table["snri"].fillna(0).to_numpy(dtype=float)
    label[nothing & (snri < options.low_quality_snri)] = "NoRV_lowQuality"
    errors = np.array(
        [np.where(good[m], np.maximum(table[SOURCES[m][1]].to_numpy(dtype=float), 0.0), np.inf) for m in good]
    )
    least = np.array(list(good), dtype=object)[errors.argmin(axis=0)]
    label[~nothing] = least[~nothing]
    label[_agree(table, good, options)] = "TM"
    keep = (table["candidate_reasons"] == "fast").to_numpy() & table["in_tm_band"].to_numpy(dtype=bool)
    label[keep] = "LAMOST"
    label[_too_fast(table, good, options)] = "NoRV_waveErr"
    return label


def _agree(table: pd.DataFrame, good: dict, options: SelectionOptions) -> np.ndarray:
    use_first = np.isfinite(table["rv_dsal1"].to_numpy(dtype=float))
    rv = np.where(use_first, table["rv_dsal1"], table["rv_dsal2"])
    error = np.where(use_first, table["rv_dsal1_err"], table["rv_dsal2_err"])
    combined = np.maximum(np.hypot(table["rv_tm_err"], error), options.agree_floor_kms)
    with np.errstate(invalid="ignore"):
        near = np.abs(table["rv_tm"] - rv) <= options.agree_sigma * combined
    return good["TM"] & (good["DSAL_I"] | good["DSAL_II"]) & near.to_numpy()


def _too_fast(table: pd.DataFrame, good: dict, options: SelectionOptions) -> np.ndarray:
    """At least two velocities, LAMOST's among them or not, and all above the limit."""
    values = [np.where(good[m], table[SOURCES[m][0]].to_numpy(dtype=float), np.nan) for m in good]
    values.append(table["lamost_rv"].to_numpy(dtype=float))
    speeds = np.abs(np.array(values))
    known = np.isfinite(speeds)
    fast = known & (np.nan_to_num(speeds) > options.max_speed_kms)
    return (known.sum(axis=0) >= 2) & (fast.sum(axis=0) == known.sum(axis=0))


def candidates(
    selection: pd.DataFrame, remeasured: pd.DataFrame, catalog: pd.DataFrame, options: SelectionOptions | None = None
) -> pd.DataFrame:
    """The review queue ``rv``: candidates with every method's velocity, reasons, priority and consensus.

    Priority (0 to 1, look at high ones first): how far LAMOST's velocity is from TM's, over 100 km/s.
    """
    table = selection[selection["candidate"]].merge(remeasured, on="spectrum_key", how="left", validate="one_to_one")
    extra = [name for name in ("snri", "batch", "subclass", "luminosity_class") if name in catalog]
    table = table.merge(catalog[["spectrum_key", *extra]], on="spectrum_key", how="left")
    if "snri" not in table:
        table["snri"] = np.nan
    far = np.abs(table["rv_tm"] - table["lamost_rv"]) / 100.0
    table["priority"] = far.fillna(1.0).clip(0.0, 1.0)
    table["consensus_label"] = consensus(table, options).to_numpy(dtype=object)
    return table.drop(columns="candidate").reset_index(drop=True)


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
