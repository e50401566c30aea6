"""S/N: its columns, the largest of a spectrum (S/N_max), and the intervals of S/N_i that the paper uses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.bands import BANDS
from mstars.core.missing import without_missing

SNR = tuple(f"snr{band}" for band in BANDS)
"""Columns of the S/N under LAMOST's names."""

SNR_CATALOG = {f"snr{band}": f"snr_{band}" for band in BANDS}
"""Those columns under the names of the products (Table 9)."""

SNR_I_LIMITS = (20.0, 50.0, 100.0)
"""Limits of the S/N_i intervals of Figure 12 and section 4.2.2 of Li et al. (2025), and of every table by S/N_i that
follows them. A limit belongs to the interval below it."""

SNR_I_INTERVALS = tuple(zip((0.0, *SNR_I_LIMITS), (*SNR_I_LIMITS, np.inf), strict=True))
"""Lower and upper limits of those intervals."""


def snr_max(table: pd.DataFrame) -> np.ndarray:
    """S/N_max: the largest of the five bands, without missing values (-9999, NaN); NaN when there is none."""
    values = without_missing(table[list(SNR)].to_numpy(dtype=float))
    known = np.isfinite(values)
    return np.where(known.any(axis=1), np.where(known, values, -np.inf).max(axis=1, initial=-np.inf), np.nan)


def snr_interval(snr_i) -> np.ndarray:
    """Number of the interval of S/N_i that a spectrum belongs to.

    Parameters
    ----------
    snr_i : array of float, [n]

    Returns
    -------
    ndarray of int, [n]
        0 to 3; -1 where S/N_i is 0, negative or unknown.
    """
    snr_i = np.asarray(snr_i, dtype=float)
    return np.where(snr_i > 0, np.searchsorted(SNR_I_LIMITS, snr_i, side="left"), -1)
