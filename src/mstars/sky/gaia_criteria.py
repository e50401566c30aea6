"""Gaia's five criteria: whose photometry and parallax can be trusted (section 3.4.1).

They are those of Li et al. 2021, section 3.1. A source that meets all five has CMD_flag = 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Criterion:
    """A limit on one of Gaia's columns.

    Attributes
    ----------
    column : str
    sign : {">", "<"}
        On which side of the limit a good value lies; the limit itself is not good.
    limit : float
    """

    column: str
    sign: str
    limit: float

    def passes(self, values) -> np.ndarray:
        """Which values are good; a missing value is not.

        Parameters
        ----------
        values : float or ndarray, [n]

        Returns
        -------
        bool or ndarray of bool, [n]
        """
        values = np.asarray(values, dtype=float)
        return values > self.limit if self.sign == ">" else values < self.limit


GAIA_CRITERIA = (
    Criterion("parallax_over_error", ">", 5.0),
    Criterion("phot_g_mean_flux_over_error", ">", 20.0),
    Criterion("phot_bp_mean_flux_over_error", ">", 20.0),
    Criterion("phot_rp_mean_flux_over_error", ">", 20.0),
    Criterion("ruwe", "<", 1.4),
)


def cmd_flag(gaia: pd.DataFrame) -> np.ndarray:
    """Which sources meet all of `GAIA_CRITERIA`.

    Parameters
    ----------
    gaia : pandas.DataFrame
        n rows with the columns of the criteria; a missing value fails.

    Returns
    -------
    ndarray of bool, [n]
    """
    good = np.ones(len(gaia), bool)
    for criterion in GAIA_CRITERIA:
        good &= criterion.passes(gaia[criterion.column].to_numpy(dtype=float, na_value=np.nan))
    return good
