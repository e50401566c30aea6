"""The best velocity of each spectrum: all methods that agree, in one weighted mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.core.velocities import LINE_ERROR_KMS, SOURCES
from mstars.velocity.decide.methods import usable_methods

LINE_FLOOR_KMS = 8.0
"""Least error of a DSAL or DSEL velocity in the combination, with more lines than `LINE_ERROR_KMS` has."""

LINE_COUNTS = {"DSAL_I": "n_dsal1", "DSAL_II": "n_dsal2", "DSEL": "n_dsel"}
"""Column with the number of lines of each method that measures lines."""

ORDER = ("TM", "TML7500", "DSAL_I", "DSAL_II", "DSEL", "LAMOST")
"""Order of the methods' names in ``rv_best_from``."""

_MATCHED = ("TM", "TML7500")
_ABSORBED = ("DSAL_I", "DSAL_II")

_MIN_FOR_OFFSET = 30
_ROWS_TOGETHER = 50_000


@dataclass(frozen=True)
class Methods:
    """Velocities of all methods, on template matching's scale.

    Attributes
    ----------
    names : tuple of str, [m]
    value, error : ndarray, [m, n]
        km/s; NaN where a method has no usable velocity.
    """

    names: tuple[str, ...]
    value: np.ndarray
    error: np.ndarray


def method_offsets(table: pd.DataFrame, options: SelectionOptions) -> dict[str, float]:
    """Template matching's velocity less each method's: the median, km/s.

    Parameters
    ----------
    table : pandas.DataFrame
        n rows with the columns of `mstars.velocity.stage.measure`, and lamost_rv.
    options : SelectionOptions

    Returns
    -------
    dict of str to float
        For LAMOST, DSAL_I and DSAL_II; 0 where fewer than 30 spectra have both velocities.
    """
    good = usable_methods(table, options)
    good["LAMOST"] = np.isfinite(table["lamost_rv"].to_numpy(dtype=float))
    matched = table["rv_tm"].to_numpy(dtype=float)
    offsets = {}
    for method in ("LAMOST", "DSAL_I", "DSAL_II"):
        rows = good["TM"] & good[method]
        difference = (matched - table[SOURCES[method][0]].to_numpy(dtype=float))[rows]
        offsets[method] = float(np.median(difference)) if len(difference) >= _MIN_FOR_OFFSET else 0.0
    return offsets


def gather_methods(table: pd.DataFrame, offsets: Mapping[str, float], options: SelectionOptions) -> Methods:
    """Every method's usable velocity with its error; LAMOST's with the column ``lamost_error``.

    DSAL II counts where DSAL I is missing: they are one measurement. So do TML7500 and TM, which compare the same
    pixels.

    Parameters
    ----------
    table : pandas.DataFrame
        n rows with the columns of `mstars.velocity.stage.measure`, of the remeasurement, lamost_rv and lamost_error.
    offsets : mapping of str to float
        Of `method_offsets`: what is added to a method's velocities, km/s.
    options : SelectionOptions

    Returns
    -------
    Methods
    """
    good = usable_methods(table, options)
    good["LAMOST"] = np.isfinite(table["lamost_rv"].to_numpy(dtype=float))
    for second, first in (("DSAL_II", "DSAL_I"), ("TML7500", "TM")):
        if second in good:
            good[second] = good[second] & ~good[first]
    names = tuple(name for name in ORDER if name in good)
    value, error = np.empty((len(names), len(table))), np.empty((len(names), len(table)))
    for k, name in enumerate(names):
        rv, spread = (table[column].to_numpy(dtype=float) for column in SOURCES[name])
        if name == "LAMOST":
            spread = table["lamost_error"].to_numpy(dtype=float)
        elif name in LINE_COUNTS:
            least = LINE_ERROR_KMS if name != "DSEL" else {}
            spread = np.maximum(spread, table[LINE_COUNTS[name]].map(least).fillna(LINE_FLOOR_KMS).to_numpy(float))
        value[k] = np.where(good[name], rv + offsets.get(name, 0.0), np.nan)
        error[k] = np.where(good[name], spread, np.nan)
    return Methods(names, value, error)


def best_velocity(
    methods: Methods,
    label: np.ndarray,
    *,
    agree_sigma: float = SelectionOptions.default("agree_sigma"),
    common_kms: float = 0.0,
) -> pd.DataFrame:
    """One velocity of all methods that agree.

    The leading method is the one that a label names; without a label it is the one that the others contradict least
    (sum of (difference / combined error)^2, each at most ``agree_sigma``^2; of equals the more certain one). The mean
    by inverse variance is taken over the methods within ``agree_sigma`` combined errors of the leading one.

    Absorption lines lie in pixels that template matching compares too. So their velocities have noise in common, and
    the mean is less certain than its weights say. Template matching uses all pixels: the covariance of its velocity
    with that of a part of them is its own variance, as for any efficient estimator (and never more than the part's).

    Parameters
    ----------
    methods : Methods
    label : ndarray of str, [n]
        Leading method of a spectrum that was queued; '': none was named; a label that begins with NoRV gives none.
    agree_sigma : float
    common_kms : float
        The part of every error that all methods share (the scatter of wavelength scales): it decides no weight, and
        the mean has it too.

    Returns
    -------
    pandas.DataFrame
        n rows: rv_best, rv_best_err (km/s; NaN: none), rv_best_from (the methods in it, as ``TM+DSAL_I+LAMOST``; '':
        none).
    """
    label, n = np.asarray(label, dtype=str), methods.value.shape[1]
    blocks = [slice(start, start + _ROWS_TOGETHER) for start in range(0, max(n, 1), _ROWS_TOGETHER)]
    parts = [
        _best_of_rows(
            Methods(methods.names, methods.value[:, rows], methods.error[:, rows]), label[rows], agree_sigma, common_kms
        )
        for rows in blocks
    ]
    return pd.concat(parts, ignore_index=True)


def _best_of_rows(methods: Methods, label: np.ndarray, agree_sigma: float, common_kms: float) -> pd.DataFrame:
    """`best_velocity` of some rows: all methods against each other at once."""
    known = np.isfinite(methods.value) & np.isfinite(methods.error)
    value, error = np.where(known, methods.value, 0.0), np.where(known, methods.error, 1.0)
    apart = np.abs(value[:, None] - value[None]) / np.hypot(error[:, None], error[None])  # [m, m, n]
    contradiction = np.where(known[:, None] & known[None], np.minimum(apart**2, agree_sigma**2), 0.0).sum(axis=1)
    contradiction = np.where(known, contradiction, np.inf)
    lead = np.lexsort((error, np.round(contradiction, 9)), axis=0)[0]
    named = np.array([methods.names.index(name) if name in methods.names else -1 for name in label], dtype=int)
    every = np.arange(value.shape[1])
    named = np.where((named >= 0) & known[np.maximum(named, 0), every], named, -1)
    lead = np.where(named >= 0, named, lead)
    refused = np.char.startswith(label, "NoRV")
    taken = known & (apart[lead, :, every].T <= agree_sigma) & ~refused
    weight = np.where(taken, 1.0 / np.maximum(error**2 - common_kms**2, 0.25), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (weight * value).sum(axis=0) / weight.sum(axis=0)
        spread = np.hypot(np.sqrt(_variance_of_mean(methods.names, weight)), common_kms)
    any_taken = taken.any(axis=0)
    # the methods taken as one number, and the name of each such number
    bits = 1 << np.arange(len(taken))
    every_name = ["+".join(np.array(methods.names)[bits & number > 0]) for number in range(1 << len(taken))]
    names = np.array(every_name, dtype=object)[bits @ taken]
    return pd.DataFrame(
        {
            "rv_best": np.where(any_taken, mean, np.nan),
            "rv_best_err": np.where(any_taken, spread, np.nan),
            "rv_best_from": np.where(any_taken, names, ""),
        }
    )


def _variance_of_mean(names: tuple[str, ...], weight: np.ndarray) -> np.ndarray:
    """Variance of the weighted mean, with the noise that lines have in common with template matching: [n].

    With weights that are inverse variances the covariance, the smaller variance of the two, adds twice the smaller
    weight over the square of their sum.
    """
    matched = weight[np.isin(names, _MATCHED)].sum(axis=0)
    absorbed = weight[np.isin(names, _ABSORBED)].sum(axis=0)
    whole = weight.sum(axis=0)
    return (1.0 + 2.0 * np.minimum(matched, absorbed) / whole) / whole
