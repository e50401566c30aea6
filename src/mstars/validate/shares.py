"""Shares with their limits, and robust scatter."""

from __future__ import annotations

import numpy as np

from mstars.core.robust import MAD_STD_ERROR, mad_std, share_limits


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
    low, high = map(float, share_limits(hits, n))
    return {name: hits / n if n else None, f"{name}_n": n, f"{name}_lo": _number(low), f"{name}_hi": _number(high)}


def scatter(values: np.ndarray) -> tuple[float | None, float | None, int]:
    """Median, robust scatter about it, and number of the finite values; None for none."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return None, None, 0
    median = float(np.median(values))
    return median, mad_std(values), len(values)


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
    half = 1.96 * MAD_STD_ERROR * sigma / np.sqrt(n) if n > 1 else None
    low, high = (None, None) if half is None else (max(0.0, sigma - half), sigma + half)
    return {name: sigma, f"{name}_n": n, f"{name}_lo": low, f"{name}_hi": high}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
