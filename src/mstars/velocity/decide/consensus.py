"""The velocity taken where no one has looked (section 3.4.3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.flags import LineFlag, TemplateFlag
from mstars.core.velocities import LINE_ERROR_KMS, SOURCES, USELESS
from mstars.velocity.decide.options import SelectionOptions


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
        matched = method in ("TM", "TML7500")
        forbidden = USELESS | TemplateFlag.TWO_MINIMA if matched else ~LineFlag.HALPHA_ALONE
        with np.errstate(invalid="ignore"):
            good = (flag & forbidden == 0) & np.isfinite(table[rv]) & (table[error] <= options.max_error_kms)
        result[method] = good.to_numpy()
    return result


def consensus(table: pd.DataFrame, options: SelectionOptions | None = None) -> pd.Series:
    """The label a candidate gets where no one has looked.

    ``order`` (DESIGN.md, 'consensus'): TM, when TM and DSAL (I where it exists, else II) agree within ``agree_sigma``;
    else the usable method of least error, TML7500 and DSEL included; else LAMOST's. ``support``: the velocity that the
    other methods and LAMOST's contradict least (`supported`). Both: without a usable method LAMOST's stays, or none
    where it is missing or the spectrum is poor; a LAMOST velocity queued for its speed alone stays when TM confirms it;
    wavelengths that are wrong give NoRV_waveErr.

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
    rv, error = _method_arrays(table, good, options)
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
    stretched = _arms_disagree(table, good, options) | _stretches_disagree(table, options)
    label[_too_fast(rv, lamost, options) | stretched] = "NoRV_waveErr"
    return pd.Series(label, index=table.index, dtype=object)


def lamost_errors(table: pd.DataFrame, options: SelectionOptions) -> np.ndarray:
    """Error of LAMOST's velocities where methods are compared, km/s [n].

    The measured one (column ``lamost_error``), or with a number in ``options.lamost_error_kms`` at least that number.
    """
    if options.lamost_error_kms is None:
        return table["lamost_error"].to_numpy(dtype=float)
    return np.maximum(np.nan_to_num(table["lamost_rv_err"].to_numpy(dtype=float)), options.lamost_error_kms)


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


def _method_arrays(table: pd.DataFrame, good: dict, options: SelectionOptions) -> tuple[np.ndarray, np.ndarray]:
    """Velocities (NaN: not usable) and errors (infinite: not usable) of each method, [method, n]."""
    rv, error = [], []
    for method, usable in good.items():
        floor = 0.0 if method in ("TM", "TML7500") else options.line_error_floor_kms
        if method in ("DSAL_I", "DSAL_II"):
            least = table["n_dsal1" if method == "DSAL_I" else "n_dsal2"].map(LINE_ERROR_KMS)
            floor = np.maximum(floor, least.fillna(0.0).to_numpy(dtype=float))
        value, spread = (table[name].to_numpy(dtype=float) for name in SOURCES[method])
        rv.append(np.where(usable, value, np.nan))
        error.append(np.where(usable, np.maximum(spread, floor), np.inf))
    return np.array(rv), np.array(error)


def _dsal(table: pd.DataFrame, options: SelectionOptions) -> tuple[np.ndarray, np.ndarray]:
    """DSAL I where it exists, else DSAL II; the error is at least the floor."""
    first = np.isfinite(table["rv_dsal1"].to_numpy(dtype=float))
    rv = np.where(first, table["rv_dsal1"], table["rv_dsal2"])
    error = np.where(first, table["rv_dsal1_err"], table["rv_dsal2_err"])
    return rv, np.maximum(error, options.line_error_floor_kms)


def _agree(table: pd.DataFrame, good: dict, options: SelectionOptions) -> np.ndarray:
    rv, error = _dsal(table, options)
    combined = np.maximum(np.hypot(table["rv_tm_err"], error), options.agree_floor_kms)
    with np.errstate(invalid="ignore"):
        near = np.abs(table["rv_tm"] - rv) <= options.agree_sigma * combined
    return good["TM"] & (good["DSAL_I"] | good["DSAL_II"]) & near.to_numpy()


def _too_fast(rv: np.ndarray, lamost: np.ndarray, options: SelectionOptions) -> np.ndarray:
    """At least two velocities, LAMOST's included, and all of them above the limit."""
    speeds = np.abs(np.vstack([rv, lamost]))
    known = np.isfinite(speeds)
    fast = np.nan_to_num(speeds) > options.max_speed_kms
    return (known.sum(axis=0) >= 2) & (fast.sum(axis=0) == known.sum(axis=0))


def _arms_disagree(table: pd.DataFrame, good: dict, options: SelectionOptions) -> np.ndarray:
    """Red velocities (TM and DSAL) both far from the blue one (TML7500), on the same side: the wavelengths are wrong.

    A lamp in the red end (TML7500's purpose) moves TM or single lines, but not both alike; and where LAMOST's velocity
    agrees with TM, it is TML7500 that is wrong.
    """
    if "TML7500" not in good:
        return np.zeros(len(table), bool)
    rv, error = _dsal(table, options)
    blue, blue_error = (table[name].to_numpy(dtype=float) for name in SOURCES["TML7500"])
    matched, matched_error = (table[name].to_numpy(dtype=float) for name in SOURCES["TM"])
    far = np.ones(len(table), bool)
    with np.errstate(invalid="ignore"):
        for value, spread in ((rv, error), (matched, matched_error)):
            limit = np.maximum(options.wave_disagree_kms, 3.0 * np.hypot(spread, blue_error))
            far &= np.abs(value - blue) > limit
        far &= np.sign(rv - blue) == np.sign(matched - blue)
        confirmed = np.abs(matched - table["lamost_rv"]) <= 3.0 * np.hypot(matched_error, lamost_errors(table, options))
        far &= ~confirmed.to_numpy()
    # lines that disagree with each other are part of the picture
    lines = good["DSAL_I"] | good["DSAL_II"] | (table["dsal2_flag"] == LineFlag.INCONSISTENT).to_numpy()
    return far & good["TM"] & good["TML7500"] & lines


def _stretches_disagree(table: pd.DataFrame, options: SelectionOptions) -> np.ndarray:
    """Blue arm and far end both at other velocities than the middle: no star does that, and no lamp in one place.

    Blue bands that the templates lack, or a lamp in the red end, move one of the two; a wavelength solution that is
    wrong moves both.
    """
    if "rv_middle" not in table:
        return np.zeros(len(table), bool)
    bad = USELESS | TemplateFlag.TWO_MINIMA
    far = table["middle_flag"].fillna(bad).to_numpy(dtype=np.int64) & bad == 0
    for name in ("blue", "end"):
        combined = np.hypot(table[f"rv_{name}_err"], table["rv_middle_err"]).to_numpy(dtype=float)
        apart = np.abs(table[f"rv_{name}"] - table["rv_middle"]).to_numpy(dtype=float)
        far &= table[f"{name}_flag"].fillna(bad).to_numpy(dtype=np.int64) & bad == 0
        with np.errstate(invalid="ignore"):
            far &= apart > np.maximum(options.wave_disagree_kms, options.wave_sigma * combined)
    return far
