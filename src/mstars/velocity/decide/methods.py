"""The methods whose velocities are weighed against each other: which are usable, with which errors (Table 7)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.core.flags import LineFlag, TemplateFlag
from mstars.core.velocities import LINE_ERROR_KMS, SOURCES, USELESS

FLAGS = {
    "TM": "tm_flag",
    "DSAL_I": "dsal1_flag",
    "DSAL_II": "dsal2_flag",
    "TML7500": "tml7500_flag",
    "DSEL": "dsel_flag",
}
"""Column of each method's flag."""


class Absorption(NamedTuple):
    """DSAL's answer: DSAL I where it exists, else DSAL II.

    Attributes
    ----------
    rv, error : ndarray of float64, [n]
        km/s; NaN: none.
    count, flag : ndarray of int, [n]
        Lines, and `LineFlag` bits.
    """

    rv: np.ndarray
    error: np.ndarray
    count: np.ndarray
    flag: np.ndarray


def absorption(table: pd.DataFrame) -> Absorption:
    """DSAL I where it exists, else DSAL II.

    Parameters
    ----------
    table : pandas.DataFrame
        n rows with the columns of `mstars.velocity.lines.measure.dsal`.

    Returns
    -------
    Absorption
    """
    first = np.isfinite(table["rv_dsal1"].to_numpy(dtype=float))
    pairs = (("rv_dsal1", "rv_dsal2"), ("rv_dsal1_err", "rv_dsal2_err"))
    rv, error = (np.where(first, table[one], table[two]).astype(float) for one, two in pairs)
    count = np.where(first, table["n_dsal1"], table["n_dsal2"])
    return Absorption(rv, error, count, np.where(first, table["dsal1_flag"], table["dsal2_flag"]))


def usable_methods(table: pd.DataFrame, options: SelectionOptions) -> dict[str, np.ndarray]:
    """Which rows have an unflagged velocity with an acceptable error, for each method of `SOURCES` but LAMOST.

    Parameters
    ----------
    table : pandas.DataFrame
        n candidates: columns of `mstars.velocity.decide.bands.select` and of the remeasurement.
    options : SelectionOptions

    Returns
    -------
    dict of str to ndarray of bool, [n]
        Methods without a column in the table are left out.
    """
    result = {}
    for method, (rv, error) in SOURCES.items():
        if method == "LAMOST" or rv not in table:
            continue
        flag = table[FLAGS[method]].fillna(0).to_numpy(dtype=np.int64)
        matched = method in ("TM", "TML7500")
        forbidden = USELESS | TemplateFlag.TWO_MINIMA if matched else ~LineFlag.HALPHA_ALONE
        with np.errstate(invalid="ignore"):
            good = (flag & forbidden == 0) & np.isfinite(table[rv]) & (table[error] <= options.max_error_kms)
        result[method] = good.to_numpy()
    if "TML7500" in result and "middle_flag" in table:
        # without 6000-7500 A it rests on the blue arm alone, which was seen 12 km/s off with an error of 4
        middle = table["middle_flag"].fillna(0).to_numpy(dtype=np.int64)
        result["TML7500"] = result["TML7500"] & (middle & TemplateFlag.NOT_MEASURED == 0)
    return result


def method_arrays(table: pd.DataFrame, good: dict, options: SelectionOptions) -> tuple[np.ndarray, np.ndarray]:
    """Velocities and errors of each method; errors are at least the floors of the options and of `LINE_ERROR_KMS`.

    Parameters
    ----------
    table : pandas.DataFrame
        n candidates.
    good : dict of str to ndarray of bool, [n]
        Of `usable_methods`: m methods.
    options : SelectionOptions

    Returns
    -------
    rv : ndarray of float64, [m, n]
        km/s; NaN where not usable.
    error : ndarray of float64, [m, n]
        km/s; infinite where not usable.
    """
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


def lamost_errors(table: pd.DataFrame, options: SelectionOptions) -> np.ndarray:
    """Error of LAMOST's velocities where methods are compared.

    Parameters
    ----------
    table : pandas.DataFrame
        n rows: lamost_error, or lamost_rv_err.
    options : SelectionOptions

    Returns
    -------
    ndarray of float64, [n]
        km/s: the measured one (column ``lamost_error``). With a number in ``options.lamost_error_kms``: c z_err, and
        at least that number.
    """
    if options.lamost_error_kms is None:
        return table["lamost_error"].to_numpy(dtype=float)
    return np.maximum(np.nan_to_num(table["lamost_rv_err"].to_numpy(dtype=float)), options.lamost_error_kms)
