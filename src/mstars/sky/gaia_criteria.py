"""Gaia's five criteria: whose photometry and parallax can be trusted (section 3.4.1).

They are those of Li et al. 2021, section 3.1. A source that meets all five has CMD_flag = 1. Beside them stands the
excess of the BP and RP fluxes over G's (Riello et al. 2021), which tells of blends and of light from the sky.
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


_EXCESS = ((-np.inf, 0.5, (1.154360, 0.033772, 0.032277)), (0.5, 4.0, (1.162004, 0.011464, 0.049255, -0.005879)))
_EXCESS += ((4.0, np.inf, (1.057572, 0.140537)),)
"""Riello et al. 2021 (A&A 649, A3), Table 2: range of BP-RP and polynomial of the usual excess factor."""


def usual_excess(bp_rp) -> np.ndarray:
    """Excess factor of BP and RP fluxes over G's that single stars have (Riello et al. 2021, Table 2).

    Parameters
    ----------
    bp_rp : float or ndarray, [n]
        Mag.

    Returns
    -------
    ndarray, [n]
        NaN where the colour is missing.
    """
    bp_rp = np.asarray(bp_rp, dtype=float)
    usual = np.full(bp_rp.shape, np.nan)
    for lower, upper, coefficients in _EXCESS:
        inside = (bp_rp >= lower) & (bp_rp < upper)
        usual[inside] = np.polynomial.polynomial.polyval(bp_rp[inside], coefficients)
    return usual


def excess_sigma(g_mag) -> np.ndarray:
    """Scatter of the excess factor of well-measured stars at a G magnitude (Riello et al. 2021, Eq. 18)."""
    return 0.0059898 + 8.817481e-12 * np.asarray(g_mag, dtype=float) ** 7.618399
