"""What LAMOST's own velocities scatter by: the error to be added to c z_err, measured on each survey.

The pipeline's c z_err says about half of the scatter. The rest is measured on two samples: LAMOST's velocity less
Gaia's, and differences between spectra of one star. It is taken for each S/N interval that has enough differences.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.core.robust import mad_std

logger = logging.getLogger("mstars")

SNR_EDGES = (10.0, 20.0, 50.0, 100.0)
"""S/N_i that separate the intervals."""

MIN_DIFFERENCES = 30
"""Fewer differences than this in an interval: it is measured together with its neighbour."""

DEFAULT_KMS = 7.0
"""Taken where a survey has too few repeats and Gaia velocities: the scatter of z c of 23 real M dwarfs."""

GAIA_ERROR_MAX_KMS = 2.0
"""Largest error of Gaia's velocities that are compared (section 4.2.1)."""

_FARTHEST_KMS = 100.0  # a difference beyond this is a wrong velocity, not an error


@dataclass(frozen=True)
class LamostError:
    """Error of LAMOST's velocities beyond c z_err.

    Attributes
    ----------
    added_kms : tuple of float
        One for each S/N interval that `SNR_EDGES` makes, km/s.
    n_gaia, n_repeats : int
        Differences it was measured on; 0 and 0: `DEFAULT_KMS`.
    """

    added_kms: tuple[float, ...] = (DEFAULT_KMS,) * (len(SNR_EDGES) + 1)
    n_gaia: int = 0
    n_repeats: int = 0

    def error(self, z_error: np.ndarray, snri: np.ndarray) -> np.ndarray:
        """Honest error of LAMOST's velocities.

        Parameters
        ----------
        z_error : ndarray, [n]
            c z_err, km/s; NaN: unknown, counts as 0.
        snri : ndarray, [n]
            S/N_i.

        Returns
        -------
        ndarray, [n]
            km/s.
        """
        added = np.array(self.added_kms)[_interval(snri)]
        return np.hypot(np.nan_to_num(np.asarray(z_error, dtype=float)), added)


def measure_lamost_error(catalog: pd.DataFrame, gaia: pd.DataFrame) -> LamostError:
    """Measure the error of LAMOST's velocities on Gaia's and on repeats.

    Parameters
    ----------
    catalog : pandas.DataFrame
        n rows: spectrum_key, lamost_rv, lamost_rv_err (c z_err; km/s), snri.
    gaia : pandas.DataFrame
        spectrum_key, star_id, radial_velocity, radial_velocity_error (km/s).

    Returns
    -------
    LamostError
        What makes the robust width of (difference / combined error) 1 in each interval. With fewer than
        `MIN_DIFFERENCES` differences in all: the default, and a warning in the log.
    """
    theirs = gaia[["spectrum_key", "star_id", "radial_velocity", "radial_velocity_error"]]
    table = catalog[["spectrum_key", "lamost_rv", "lamost_rv_err", "snri"]].merge(
        theirs.drop_duplicates("spectrum_key"), on="spectrum_key", how="left", validate="one_to_one"
    )
    number = {name: table[name].to_numpy(dtype=float, na_value=np.nan) for name in table.columns.difference(_TEXT)}
    known = np.isfinite(number["lamost_rv"]) & (number["lamost_rv_err"] > 0) & np.isfinite(number["snri"])
    with_gaia = _against_gaia(number, known)
    repeated = _between_repeats(table, number, known)
    if len(with_gaia[0]) + len(repeated[0]) < MIN_DIFFERENCES:
        logger.warning(
            "LAMOST's velocity error: only %d Gaia velocities and %d repeats; %g km/s is added to c z_err",
            len(with_gaia[0]), len(repeated[0]), DEFAULT_KMS,
        )  # fmt: skip
        return LamostError()
    parts = zip(with_gaia, repeated, strict=True)
    difference, variance, count, snri = (np.concatenate(part) for part in parts)
    added = _by_interval(difference, variance, count, _interval(snri))
    return LamostError(added, len(with_gaia[0]), len(repeated[0]))


_TEXT = ["spectrum_key", "star_id"]


def _interval(snri: np.ndarray) -> np.ndarray:
    return np.searchsorted(SNR_EDGES, np.nan_to_num(np.asarray(snri, dtype=float)), side="right")


def _against_gaia(number: dict, known: np.ndarray) -> tuple[np.ndarray, ...]:
    """LAMOST's velocity less Gaia's (less the median): difference, variance without the part to be found, 1, S/N_i."""
    difference = number["lamost_rv"] - number["radial_velocity"]
    rows = known & np.isfinite(difference) & (number["radial_velocity_error"] < GAIA_ERROR_MAX_KMS)
    difference = difference[rows]
    middle = np.median(difference) if len(difference) else 0.0
    variance = number["lamost_rv_err"][rows] ** 2 + number["radial_velocity_error"][rows] ** 2
    return difference - middle, variance, np.ones(len(difference)), number["snri"][rows]


def _between_repeats(table: pd.DataFrame, number: dict, known: np.ndarray) -> tuple[np.ndarray, ...]:
    """Neighbouring spectra of a star in one S/N interval: difference, variance without the part sought, 2, S/N."""
    star = table["star_id"].fillna("").to_numpy(dtype=str)
    order = np.lexsort((table["spectrum_key"].to_numpy(dtype=str), star))
    order = order[(known & (star != ""))[order]]
    first, second = order[:-1], order[1:]
    interval = _interval(number["snri"])
    same = (star[first] == star[second]) & (interval[first] == interval[second])
    first, second = first[same], second[same]
    difference = number["lamost_rv"][second] - number["lamost_rv"][first]
    variance = number["lamost_rv_err"][first] ** 2 + number["lamost_rv_err"][second] ** 2
    return difference, variance, np.full(len(first), 2.0), number["snri"][first]


def _by_interval(difference, variance, count, interval) -> tuple[float, ...]:
    """The added error of each interval; one with too few differences takes that of its group of neighbours."""
    near = np.abs(difference) < _FARTHEST_KMS
    n = np.bincount(interval[near], minlength=len(SNR_EDGES) + 1)
    groups: list[list[int]] = [[]]
    for k in range(len(n)):
        groups[-1].append(k)
        if n[groups[-1]].sum() >= MIN_DIFFERENCES:
            groups.append([])
    if len(groups) > 1:  # what is left over joins the last group that is large enough
        rest = groups.pop()
        groups[-1] += rest
    added = np.empty(len(n))
    for group in groups:
        rows = near & np.isin(interval, group)
        added[group] = added_error(difference[rows], variance[rows], count[rows])
    return tuple(float(value) for value in added)


def added_error(difference: np.ndarray, variance: np.ndarray, count: np.ndarray) -> float:
    """What must be added in quadrature to each of ``count`` velocities so that differences are as wide as their errors.

    Parameters
    ----------
    difference : ndarray, [n]
        km/s.
    variance : ndarray, [n]
        What is known of their variance, (km/s)^2.
    count : ndarray, [n]
        How many velocities with the error to be found each difference holds, 1 or 2.

    Returns
    -------
    float
        km/s; 0 where the known errors suffice. The width is robust: `mad_std` of difference over error about 0.
    """

    def width(added: float) -> float:
        return mad_std(difference / np.sqrt(variance + count * added**2), 0.0)

    if not len(difference) or width(0.0) <= 1.0:
        return 0.0
    low, high = 0.0, 500.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if width(middle) > 1.0 else (low, middle)
    return low
