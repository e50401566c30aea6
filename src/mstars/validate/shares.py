"""Shares with their limits, and robust scatter."""

from __future__ import annotations

import numpy as np


def wilson(successes: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """95 % limits of a share (Wilson 1927): sane for 0 of n and n of n; (nan, nan) for n = 0."""
    if n == 0:
        return np.nan, np.nan
    share, z2 = successes / n, z * z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def share(name: str, successes, among) -> dict:
    """A share with its 95 % limits (Wilson 1927), under the keys of the scorecard.

    Parameters
    ----------
    name : str
    successes, among : ndarray, bool [n]
        How many of ``among`` are ``successes``.

    Returns
    -------
    dict
        ``name``, ``name_n``, ``name_lo``, ``name_hi``; None where ``among`` is empty.
    """
    among = np.asarray(among, dtype=bool)
    n, hits = int(among.sum()), int((np.asarray(successes, dtype=bool) & among).sum())
    low, high = wilson(hits, n)
    return {name: hits / n if n else None, f"{name}_n": n, f"{name}_lo": _number(low), f"{name}_hi": _number(high)}


def scatter(values: np.ndarray) -> tuple[float | None, float | None, int]:
    """Median, 1.4826 times the median absolute deviation from it, and number of the finite values; None for none."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return None, None, 0
    median = float(np.median(values))
    return median, float(1.4826 * np.median(np.abs(values - median))), len(values)


def scatter_with_limits(name: str, values: np.ndarray) -> dict:
    """Robust scatter with its 95 % limits, under the keys of the scorecard.

    The robust standard deviation of a normal sample is uncertain by 1.167 / sqrt(n) of itself: its efficiency is 37 %.
    Pairs of spectra of one star count as two.

    Parameters
    ----------
    name : str
    values : ndarray, [n]
        Those that are not finite are left out.

    Returns
    -------
    dict
        ``name`` (`scatter`), ``name_n``, ``name_lo``, ``name_hi``.
    """
    _, sigma, n = scatter(values)
    half = 1.96 * 1.167 * sigma / np.sqrt(n) if n > 1 else None
    low, high = (None, None) if half is None else (max(0.0, sigma - half), sigma + half)
    return {name: sigma, f"{name}_n": n, f"{name}_lo": low, f"{name}_hi": high}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
