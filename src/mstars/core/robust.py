"""Robust scatter, by the median absolute deviation (MAD), and the limits of shares.

`astropy.stats.mad_std` is the same to 2e-6. Its import takes 0.2 s of every job that makes a table.
"""

from __future__ import annotations

import numpy as np

SIGMA_PER_MAD = 1.4826
"""Standard deviation of a normal distribution over its MAD."""

MEDIAN_ERROR = 1.2533
"""Standard error of the median of a normal sample over that of its mean: root of pi / 2."""

MAD_STD_ERROR = 1.167
"""Standard error of `mad_std` of a normal sample over sigma / root n: its efficiency is 37 %."""

ONE_SIGMA = 0.6827
"""Probability within one standard deviation of a normal distribution."""


def mad_std(values, center: float | None = None) -> float:
    """Robust standard deviation of the finite values: `SIGMA_PER_MAD` times the MAD.

    Parameters
    ----------
    values : array of float, [n]
    center : float, optional
        Where deviations are measured from; by default the median. 0 for differences whose mean is 0.

    Returns
    -------
    float
        In the unit of the values; NaN without a finite value.
    """
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if not len(values):
        return np.nan
    return float(SIGMA_PER_MAD * np.median(np.abs(values - (np.median(values) if center is None else center))))


def share_limits(successes, n, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Limits of a share ``successes / n`` (Wilson 1927): sane for 0 of n and for n of n.

    Parameters
    ----------
    successes, n : array of float, any shape
    level : float
        Probability that the true share lies between the limits.

    Returns
    -------
    low, high : ndarray
        NaN where n is 0.
    """
    from astropy.stats import binom_conf_interval  # here, for the sake of those who want `mad_std` alone

    successes, n = np.broadcast_arrays(np.asarray(successes, dtype=float), np.asarray(n, dtype=float))
    some = n > 0
    limits = binom_conf_interval(np.where(some, successes, 0.0), np.where(some, n, 1.0), level, interval="wilson")
    low, high = np.where(some, limits, np.nan)
    return low, high
