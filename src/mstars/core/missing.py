"""The number that LAMOST and APOGEE write where they have no value."""

from __future__ import annotations

import numpy as np
import pandas as pd

MISSING = -9999.0
"""APOGEE also writes -9999.99."""

_ABOVE = -9998.0


def without_missing(values):
    """Numbers with NaN where LAMOST or APOGEE have no value.

    Parameters
    ----------
    values : array, pandas.Series or pandas.DataFrame of numbers

    Returns
    -------
    ndarray, pandas.Series or pandas.DataFrame
        As given, of float (whole numbers too).
    """
    if isinstance(values, pd.Series | pd.DataFrame):
        return values.astype(float).where(lambda numbers: numbers > _ABOVE)
    values = np.asarray(values, dtype=float)
    return np.where(values > _ABOVE, values, np.nan)
