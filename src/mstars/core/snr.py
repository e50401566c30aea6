"""S/N columns of LAMOST and the largest of them, S/N_max."""

from __future__ import annotations

import numpy as np
import pandas as pd

SNR = ("snru", "snrg", "snrr", "snri", "snrz")
"""Columns of the five bands."""

SNR_I_LIMITS = (20.0, 50.0, 100.0)
"""Limits of the S/N_i intervals of Figure 12 and section 4.2.2 of Li et al. (2025), and of every table by S/N_i that
follows them. A limit belongs to the interval below it."""


def snr_max(table: pd.DataFrame) -> np.ndarray:
    """S/N_max: the largest of the five bands, without missing values (-9999, NaN); NaN when there is none."""
    values = table[list(SNR)].to_numpy(dtype=float)
    values = np.where(values > -9998, values, np.nan)
    known = np.isfinite(values)
    return np.where(known.any(axis=1), np.where(known, values, -np.inf).max(axis=1, initial=-np.inf), np.nan)
