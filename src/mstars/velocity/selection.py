"""Which LAMOST velocities to look at, and what to put in their place (section 3.4.3, Fig. 10, Table 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.errors import InputError
from mstars.velocity.methods import LINE_ERROR_KMS, LINE_FLAGS, RV_FROM, SOURCES, TM_FLAGS, USELESS

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
    dsal_band : {'outside', 'all'}
        Which spectra give the mean and sigma of the DSAL bands: those outside TM's band (the paper, whose thousands of
        spectra allow it), or all that have the method's velocity. Compared are those outside TM's band only.
    min_for_band : int
        With fewer differences, the paper's own mean and standard deviation are taken.
    consensus : {'support', 'order'}
        How the label is found where no one has looked (`consensus`).
    agree_sigma : float
        TM and DSAL agree when within this many of their combined errors.
    agree_floor_kms : float
        Least combined error taken for that.
    max_error_kms : float
        A method with a larger error is not used.
    max_speed_kms : float
        Methods that agree on more than this: NoRV_waveErr.
    line_error_floor_kms : float
        Least error of a DSAL or DSEL velocity when methods are compared (of DSAL by fewer than six lines
        `LINE_ERROR_KMS`): few lines agree by chance.
    lamost_error_kms : float
        Least error of LAMOST's velocity when methods are compared (its real scatter).
    keep_sigma : float
        LAMOST's velocity stays when within so many combined errors of the mean of those that agree.
    single_error_kms : float
        A method that nothing supports replaces LAMOST's velocity only with a smaller error; TM with a larger one gives
        way to a more certain method that agrees with it.
    wave_disagree_kms : float
        NoRV_waveErr, when TM and DSAL (red) are both this far, on the same side, from TML7500 (blue), and 3 sigma; or
        when the velocities of the blue arm and of the end beyond 7500 A are both this far from that between, and
        ``wave_sigma`` sigma.
    wave_sigma : float
    low_quality_snri : float
        Candidates below this S/N in i are NoRV_lowQuality, unless queued for LAMOST's speed alone.
    """

    tm_sigma: float = 3.0
    dsal_sigma: float = 2.0
    check_speed_kms: float = 150.0
    dsal_band: str = "all"
    min_for_band: int = 30
    consensus: str = "support"
    agree_sigma: float = 3.0
    agree_floor_kms: float = 5.0
    max_error_kms: float = 60.0
    max_speed_kms: float = 1000.0
    line_error_floor_kms: float = 8.0
    lamost_error_kms: float = 8.0
    keep_sigma: float = 3.0
    single_error_kms: float = 25.0
    wave_disagree_kms: float = 45.0
    wave_sigma: float = 4.0
    low_quality_snri: float = 3.0

    def __post_init__(self):
        if self.consensus not in ("support", "order"):
            raise InputError(f"rvmm.selection.consensus: {self.consensus!r} is not one of support, order")
        if self.dsal_band not in ("outside", "all"):
            raise InputError(f"rvmm.selection.dsal_band: {self.dsal_band!r} is not one of outside, all")


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
        forbidden = USELESS | TM_FLAGS["two_minima"] if matched else ~LINE_FLAGS["halpha_alone"]
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
        lamost_error = np.maximum(np.nan_to_num(table["lamost_rv_err"].to_numpy(dtype=float)), options.lamost_error_kms)
        label = supported(list(good), rv, error, lamost, lamost_error, options)
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
        confirmed = np.abs(matched - table["lamost_rv"]) <= 3.0 * np.hypot(matched_error, options.lamost_error_kms)
        far &= ~confirmed.to_numpy()
    # lines that disagree with each other are part of the picture
    lines = good["DSAL_I"] | good["DSAL_II"] | (table["dsal2_flag"] == LINE_FLAGS["inconsistent"]).to_numpy()
    return far & good["TM"] & good["TML7500"] & lines


def _stretches_disagree(table: pd.DataFrame, options: SelectionOptions) -> np.ndarray:
    """Blue arm and far end both at other velocities than the middle: no star does that, and no lamp in one place.

    Blue bands that the templates lack, or a lamp in the red end, move one of the two; a wavelength solution that is
    wrong moves both.
    """
    if "rv_middle" not in table:
        return np.zeros(len(table), bool)
    bad = USELESS | TM_FLAGS["two_minima"]
    far = table["middle_flag"].fillna(bad).to_numpy(dtype=np.int64) & bad == 0
    for name in ("blue", "end"):
        combined = np.hypot(table[f"rv_{name}_err"], table["rv_middle_err"]).to_numpy(dtype=float)
        apart = np.abs(table[f"rv_{name}"] - table["rv_middle"]).to_numpy(dtype=float)
        far &= table[f"{name}_flag"].fillna(bad).to_numpy(dtype=np.int64) & bad == 0
        with np.errstate(invalid="ignore"):
            far &= apart > np.maximum(options.wave_disagree_kms, options.wave_sigma * combined)
    return far


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
