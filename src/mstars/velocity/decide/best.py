"""Template matching and lines combined into one velocity, beside the chosen one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.flags import LineFlag, TemplateFlag
from mstars.core.velocities import LINE_ERROR_KMS, USELESS

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
    bad_bits = USELESS | TemplateFlag.TWO_MINIMA
    good_tm = np.isfinite(matched) & np.isfinite(error) & (table["tm_flag"].to_numpy(dtype=np.int64) & bad_bits == 0)
    good_lines = np.isfinite(lines) & np.isfinite(spread) & (line_flag & LineFlag.all_bits() == 0)
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
