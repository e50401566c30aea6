"""Beside the chosen velocity: TM and DSAL combined, and the zero point against Gaia."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.velocity.methods import LINE_ERROR_KMS, LINE_FLAGS, TM_FLAGS, USELESS

LINE_FLOOR_KMS = 8.0
"""Least error of a DSAL velocity in the combination, with more lines than `LINE_ERROR_KMS` has."""


def best_velocity(table: pd.DataFrame, agree_sigma: float = 3.0, common_kms: float = 0.0) -> pd.DataFrame:
    """TM and DSAL (I where it exists, else II) in one velocity.

    Unflagged and within ``agree_sigma`` of each other: the mean by inverse variance. Else TM if it is unflagged, else
    DSAL if it is, else nothing: a mean of two that contradict each other is neither.

    Parameters
    ----------
    table : pandas.DataFrame
        n rows with the columns of `mstars.velocity.stage.measure`.
    agree_sigma : float
    common_kms : float
        The part of TM's error that both share (``error_floor_kms``, the scatter of wavelength scales): it does not
        decide their weights, and the mean has it too.

    Returns
    -------
    pandas.DataFrame
        rv_best, rv_best_err (km/s; NaN: none), rv_best_from ('TM+DSAL', 'TM', 'DSAL' or ''); the table's index.
    """
    first = np.isfinite(table["rv_dsal1"].to_numpy(dtype=float))
    lines = np.where(first, table["rv_dsal1"], table["rv_dsal2"]).astype(float)
    spread = np.where(first, table["rv_dsal1_err"], table["rv_dsal2_err"]).astype(float)
    count = pd.Series(np.where(first, table["n_dsal1"], table["n_dsal2"]))
    spread = np.maximum(spread, count.map(LINE_ERROR_KMS).fillna(LINE_FLOOR_KMS).to_numpy())
    line_flag = np.where(first, table["dsal1_flag"], table["dsal2_flag"]).astype(np.int64)
    matched, error = (table[name].to_numpy(dtype=float) for name in ("rv_tm", "rv_tm_err"))
    bad_bits = USELESS | TM_FLAGS["two_minima"]
    good_tm = np.isfinite(matched) & np.isfinite(error) & (table["tm_flag"].to_numpy(dtype=np.int64) & bad_bits == 0)
    good_lines = np.isfinite(lines) & np.isfinite(spread) & (line_flag & sum(LINE_FLAGS.values()) == 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        both = good_tm & good_lines & (np.abs(matched - lines) <= agree_sigma * np.hypot(error, spread))
        own = np.sqrt(np.maximum(error**2 - common_kms**2, 0.25))
        weight = 1.0 / own**2 + 1.0 / spread**2
        mean = (matched / own**2 + lines / spread**2) / weight
        choices = [both, good_tm, good_lines]
        return pd.DataFrame(
            {
                "rv_best": np.select(choices, [mean, matched, lines], np.nan),
                "rv_best_err": np.select(choices, [np.hypot(weight**-0.5, common_kms), error, spread], np.nan),
                "rv_best_from": np.select(choices, ["TM+DSAL", "TM", "DSAL"], ""),
            },
            index=table.index,
        )


def robust_mean(difference: np.ndarray) -> tuple[float, float, int]:
    """Median, its standard error (1.2533 times 1.4826 MAD over root n) and the number of values; NaN for none."""
    known = difference[np.isfinite(difference)]
    if not len(known):
        return np.nan, np.nan, 0
    middle = np.median(known)
    sigma = 1.4826 * np.median(np.abs(known - middle))
    return float(middle), float(1.2533 * sigma / np.sqrt(len(known))), len(known)


def zero_point(
    catalog: pd.DataFrame, gaia: pd.DataFrame, *, max_error: float = 2.0, min_plate: int = 20
) -> tuple[pd.DataFrame, dict]:
    """Velocity minus Gaia's, per plate and over all; given beside the velocities, never applied to them.

    Parameters
    ----------
    catalog : pandas.DataFrame
        n rows: spectrum_key, plate, rv, and rv_from where it is known.
    gaia : pandas.DataFrame
        spectrum_key, radial_velocity, radial_velocity_error (km/s).
    max_error : float
        Gaia velocities with a larger error are not used (section 4.2 takes 2 km/s).
    min_plate : int
        Plates with fewer such stars get the overall zero point.

    Returns
    -------
    table : pandas.DataFrame
        n rows, the catalogue's index: rv_zero_point, rv_zero_point_err (km/s; subtract to be on Gaia's scale; NaN
        without any Gaia velocity), rv_zero_point_of ('plate', 'all' or '').
    summary : dict
        Over all, for each rv_from and each plate: value, error, number of spectra.
    """
    joined = catalog[["spectrum_key", "plate", "rv"]].merge(
        gaia[["spectrum_key", "radial_velocity", "radial_velocity_error"]].drop_duplicates("spectrum_key"),
        on="spectrum_key",
        how="left",
    )
    good = joined["radial_velocity_error"].astype(float) < max_error
    difference = (joined["rv"].astype(float) - joined["radial_velocity"].astype(float)).where(good)
    overall = robust_mean(difference.to_numpy())
    plates = {plate: robust_mean(part.to_numpy()) for plate, part in difference.groupby(joined["plate"].to_numpy())}
    own = {plate: value for plate, value in plates.items() if value[2] >= min_plate}
    chosen = [own.get(plate, overall) for plate in joined["plate"]]
    table = pd.DataFrame(
        {
            "rv_zero_point": [value[0] for value in chosen],
            "rv_zero_point_err": [value[1] for value in chosen],
            "rv_zero_point_of": ["plate" if plate in own else "all" if overall[2] else "" for plate in joined["plate"]],
        },
        index=catalog.index,
    )
    names = ("value", "error", "n")
    sources = catalog["rv_from"].to_numpy() if "rv_from" in catalog else np.full(len(catalog), "")
    by_source = {source: robust_mean(part.to_numpy()) for source, part in difference.groupby(sources)}
    summary = {
        "all": dict(zip(names, overall, strict=True)),
        "rv_from": {str(name): dict(zip(names, value, strict=True)) for name, value in by_source.items()},
        "plates": {str(plate): dict(zip(names, value, strict=True)) for plate, value in plates.items()},
    }
    return table, summary


def repeat_pulls(table: pd.DataFrame, rv: str = "rv_tm", error: str = "rv_tm_err") -> dict:
    """Width of (difference / combined error) between spectra of one star: 1 when the errors are right.

    Parameters
    ----------
    table : pandas.DataFrame
        star_id and the two columns.
    rv, error : str

    Returns
    -------
    dict
        n_pairs (neighbouring spectra of a star), width (robust), scatter_kms (of one spectrum), and floor_kms: what
        has to be added in quadrature to make the width 1 (0 when none). NaN with fewer than 10 pairs.
    """
    known = table[np.isfinite(table[rv].astype(float)) & np.isfinite(table[error].astype(float))]
    known = known.sort_values(["star_id", "spectrum_key"] if "spectrum_key" in known else ["star_id"], kind="stable")
    same = known["star_id"].to_numpy()[1:] == known["star_id"].to_numpy()[:-1]
    value, spread = known[rv].to_numpy(dtype=float), known[error].to_numpy(dtype=float)
    difference = np.diff(value)[same]
    variance = (spread[1:] ** 2 + spread[:-1] ** 2)[same]
    if len(difference) < 10:
        return {"n_pairs": len(difference), "width": np.nan, "scatter_kms": np.nan, "floor_kms": np.nan}

    def width(floor):
        return 1.4826 * np.median(np.abs(difference) / np.sqrt(variance + 2 * floor**2))

    low, high = 0.0, 500.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if width(middle) > 1.0 else (low, middle)
    return {
        "n_pairs": len(difference),
        "width": float(width(0.0)),
        "scatter_kms": float(1.4826 * np.median(np.abs(difference)) / np.sqrt(2.0)),
        "floor_kms": float(low) if width(0.0) > 1.0 else 0.0,
    }
