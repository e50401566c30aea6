"""What both recipes of template matching give: the columns of a table, and the flags (`TemplateFlag`)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.config.template_matching import MatchOptions
from mstars.core.flags import TemplateFlag


def empty_result(keys: np.ndarray, n_good: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of a chunk's result, nothing measured yet.

    Parameters
    ----------
    keys : ndarray of str, [n]
        spectrum_key.
    n_good : ndarray of int, [n]
        Good pixels.

    Returns
    -------
    dict of str to ndarray, [n]
        spectrum_key, rv_tm, rv_tm_err (km/s), tm_template, tm_class, tm_chi2, tm_n_pixels, tm_flag, tm_wide.
    """
    count = len(keys)
    return {
        "spectrum_key": keys.copy(),
        "rv_tm": np.full(count, np.nan),
        "rv_tm_err": np.full(count, np.nan),
        "tm_template": np.full(count, "", dtype=object),
        "tm_class": np.full(count, "", dtype=object),
        "tm_chi2": np.full(count, np.nan),
        "tm_n_pixels": n_good.astype(np.int32),
        "tm_flag": np.full(count, TemplateFlag.NOT_MEASURED, np.int32),
        "tm_wide": np.zeros(count, bool),
    }


def as_table(parts: list[dict[str, np.ndarray]]) -> pd.DataFrame:
    """The chunks' columns as one table, rows in the chunks' order.

    Parameters
    ----------
    parts : list of dict of str to ndarray
        At least one; of `empty_result`, filled.

    Returns
    -------
    pandas.DataFrame
    """
    return pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def curve_flags(
    curve: np.ndarray,
    grid: np.ndarray,
    velocity: np.ndarray,
    least: np.ndarray,
    unit: np.ndarray,
    options: MatchOptions,
) -> np.ndarray:
    """Flags ``edge``, ``two_minima`` and ``featureless`` of the chi2 curves.

    Parameters
    ----------
    curve : ndarray, [n, v]
        chi2 of each spectrum with its best template.
    grid : ndarray of float64, [v]
        Velocities of the curve, km/s.
    velocity, least : ndarray of float64, [n]
        The minimum: km/s and chi2.
    unit : ndarray of float64, [n]
        chi2 a degree of freedom: a curve that rises by so much from its minimum is at one sigma.
    options : MatchOptions

    Returns
    -------
    ndarray of int, [n]
    """
    step = grid[1] - grid[0]
    unit = np.maximum(unit, 1e-300)
    flag = np.where(np.abs(velocity) >= np.abs(grid).max() - 1e-6, TemplateFlag.EDGE, 0)
    # another local minimum of the coarse curve, more than two steps away
    inner = (curve[:, 1:-1] <= curve[:, :-2]) & (curve[:, 1:-1] <= curve[:, 2:])
    inner &= np.abs(grid[1:-1] - velocity[:, None]) > 2 * step
    other = np.where(inner, curve[:, 1:-1], np.inf).min(axis=1)
    flag |= np.where(other - least < options.two_minima_sigma**2 * unit, TemplateFlag.TWO_MINIMA, 0)
    return flag | np.where(curve.max(axis=1) - least < options.featureless_sigma**2 * unit, TemplateFlag.FEATURELESS, 0)


def pixel_flags(
    weight: np.ndarray, ivar: np.ndarray, least: np.ndarray, n_good: np.ndarray, options: MatchOptions
) -> np.ndarray:
    """Flags ``few_pixels`` and ``poor_chi2``: residuals beyond the noise by more than ``poor_residual``.

    Parameters
    ----------
    weight : ndarray of float32, [n, p]
        Weights of chi2.
    ivar : ndarray of float64, [n, p]
        Of the scaled flux; 0 where bad.
    least : ndarray of float64, [n]
        chi2 at the minimum, with those weights.
    n_good : ndarray of int, [n]
        Good pixels.
    options : MatchOptions

    Returns
    -------
    ndarray of int, [n]
    """
    total = np.maximum(weight.sum(axis=1, dtype=np.float64), 1e-30)
    noise = np.where(ivar > 0, weight / np.where(ivar > 0, ivar, np.inf), 0.0).sum(axis=1) / total
    poor = least / total - noise > options.poor_residual**2
    flag = np.where(n_good < options.min_pixels, TemplateFlag.FEW_PIXELS, 0)
    return flag | np.where(poor, TemplateFlag.POOR_CHI2, 0)
