"""Spectra whose wavelengths are wrong: no velocity can be right (NoRV_waveErr of Table 7)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.core.flags import LineFlag, TemplateFlag
from mstars.core.velocities import SOURCES, USELESS
from mstars.velocity.decide.methods import absorption, lamost_errors


def too_fast(rv: np.ndarray, lamost: np.ndarray, options: SelectionOptions) -> np.ndarray:
    """At least two velocities, LAMOST's included, and all of them above ``max_speed_kms``.

    Parameters
    ----------
    rv : ndarray of float64, [m, n]
        Of each method, km/s; NaN: none.
    lamost : ndarray of float64, [n]
    options : SelectionOptions

    Returns
    -------
    ndarray of bool, [n]
    """
    speeds = np.abs(np.vstack([rv, lamost]))
    known = np.isfinite(speeds)
    fast = np.nan_to_num(speeds) > options.max_speed_kms
    return (known.sum(axis=0) >= 2) & (fast.sum(axis=0) == known.sum(axis=0))


def arms_disagree(table: pd.DataFrame, good: dict, options: SelectionOptions) -> np.ndarray:
    """Red velocities (TM and DSAL) both far from the blue one (TML7500), on the same side: the wavelengths are wrong.

    A lamp in the red end (TML7500's purpose) moves TM or single lines, but not both alike. Where LAMOST's velocity
    agrees with TM, it is TML7500 that is wrong. Lines that disagree with each other count as disagreeing.

    Parameters
    ----------
    table : pandas.DataFrame
        n candidates.
    good : dict of str to ndarray of bool, [n]
        Of `mstars.velocity.decide.methods.usable_methods`.
    options : SelectionOptions

    Returns
    -------
    ndarray of bool, [n]
    """
    if "TML7500" not in good:
        return np.zeros(len(table), bool)
    lines = absorption(table)
    error = np.maximum(lines.error, options.line_error_floor_kms)
    blue, blue_error = (table[name].to_numpy(dtype=float) for name in SOURCES["TML7500"])
    matched, matched_error = (table[name].to_numpy(dtype=float) for name in SOURCES["TM"])
    far = np.ones(len(table), bool)
    with np.errstate(invalid="ignore"):
        for value, spread in ((lines.rv, error), (matched, matched_error)):
            limit = np.maximum(options.wave_disagree_kms, 3.0 * np.hypot(spread, blue_error))
            far &= np.abs(value - blue) > limit
        far &= np.sign(lines.rv - blue) == np.sign(matched - blue)
        confirmed = np.abs(matched - table["lamost_rv"]) <= 3.0 * np.hypot(matched_error, lamost_errors(table, options))
        far &= ~confirmed.to_numpy()
    measured = good["DSAL_I"] | good["DSAL_II"] | (table["dsal2_flag"] == LineFlag.INCONSISTENT).to_numpy()
    return far & good["TM"] & good["TML7500"] & measured


def stretches_disagree(table: pd.DataFrame, options: SelectionOptions) -> np.ndarray:
    """Blue arm and far end both at other velocities than the middle: no star does that, and no lamp in one place.

    Blue bands that the templates lack, or a lamp in the red end, move one of the two. A wavelength solution that is
    wrong moves both.

    Parameters
    ----------
    table : pandas.DataFrame
        n candidates, with the velocities of `mstars.velocity.match.library_bank.STRETCHES`; without: none disagrees.
    options : SelectionOptions

    Returns
    -------
    ndarray of bool, [n]
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
