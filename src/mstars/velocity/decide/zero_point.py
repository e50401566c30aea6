"""The survey's velocity zero point against Gaia, and what its repeats say of the errors."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.robust import MEDIAN_ERROR, mad_std
from mstars.velocity.decide.lamost_error import added_error


def robust_mean(difference: np.ndarray) -> tuple[float, float, int]:
    """Median and its standard error.

    Parameters
    ----------
    difference : ndarray, [n]
        NaN: none.

    Returns
    -------
    middle : float
    error : float
        1.2533 times the robust scatter over root n; NaN without a value.
    count : int
        Values.
    """
    known = difference[np.isfinite(difference)]
    if not len(known):
        return np.nan, np.nan, 0
    return float(np.median(known)), float(MEDIAN_ERROR * mad_std(known) / np.sqrt(len(known))), len(known)


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

    return {
        "n_pairs": len(difference),
        "width": mad_std(difference / np.sqrt(variance), 0.0),
        "scatter_kms": mad_std(difference, 0.0) / np.sqrt(2.0),
        "floor_kms": added_error(difference, variance, np.full(len(difference), 2.0)),
    }
