"""Which spectra and which external values are good enough to compare (section 4.2 of Li et al. 2025)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.core.bands import BANDS

ORP_MAX = 0.01
"""Largest share of masked pixels in each band (the paper's 1 %)."""

CHANCE_MAX = 0.1
"""Binaries with a larger probability of a chance alignment (R_chance_align, El-Badry et al. 2021) are not used."""

BIASES = {
    "bias_m_h_poor_dm": ("dM", "m_h", -1.1, -0.5),
    "bias_alpha_m_rich_dm": ("dM", "alpha_m", 0.14, np.inf),
    "bias_alpha_m_rich_gm": ("gM", "alpha_m", 0.18, 0.24),
}
"""The limitations of section 5: class, label and the range of APOGEE's label, both ends outside."""


@dataclass(frozen=True)
class PairCriteria:
    """Which wide pairs are compared. None: no limit.

    Attributes
    ----------
    chance_max : float, optional
        R_chance_align (El-Badry et al. 2021) is below.
    widest_au : float, optional
        The projected separation is at most, au.
    least_arcsec : float, optional
        The separation on the sky is above, arcsec.
    rv_max_kms : float, optional
        Velocities differ by less, km/s.
    snr_i_min : float, optional
        S/N_i of each spectrum is above.
    """

    chance_max: float | None = None
    widest_au: float | None = None
    least_arcsec: float | None = None
    rv_max_kms: float | None = None
    snr_i_min: float | None = None


PAIR_CRITERIA = {
    "li2025": PairCriteria(chance_max=CHANCE_MAX),
    "li2021": PairCriteria(widest_au=3000.0, snr_i_min=5.0),
    "zhang2025": PairCriteria(chance_max=0.01, least_arcsec=3.0, rv_max_kms=10.0, snr_i_min=5.0),
    "zhang2025_snr20": PairCriteria(chance_max=0.01, least_arcsec=3.0, rv_max_kms=10.0, snr_i_min=20.0),
    "zhang2025_snr50": PairCriteria(chance_max=0.01, least_arcsec=3.0, rv_max_kms=10.0, snr_i_min=50.0),
}
"""Criteria of the papers: section 4.2 of Li et al. 2025, 5.2 of Li et al. 2021, 5.4 of Zhang et al. 2025."""


def good_spectra(table: pd.DataFrame, orp_max: float = ORP_MAX) -> np.ndarray:
    """Spectra that meet the quality criteria of section 4.2.

    S/N_u and S/N_g are above 0, S/N_r, S/N_i and S/N_z above 20, and in each band the share of masked pixels is below
    ``orp_max``.

    Parameters
    ----------
    table : pandas.DataFrame, [n]
        ``snr_{band}`` and ``orp_{band}`` (0 to 1) of the bands u, g, r, i, z.
    orp_max : float

    Returns
    -------
    ndarray, bool [n]
    """
    good = np.ones(len(table), bool)
    for band, least in zip(BANDS, (0, 0, 20, 20, 20), strict=True):
        good &= (table[f"snr_{band}"] > least).fillna(False).to_numpy(bool)
        good &= (table[f"orp_{band}"] < orp_max).fillna(False).to_numpy(bool)
    return good


def good_gaia_velocity(gaia: pd.DataFrame) -> np.ndarray:
    """Gaia velocities fit to compare with (section 4.2.1): error below 2 km/s, expected S/N above 20. bool [n]."""
    error = (gaia["radial_velocity_error"] < 2.0).fillna(False)
    snr = (gaia["rv_expected_sig_to_noise"] > 20.0).fillna(False)
    return (error & snr & gaia["radial_velocity"].notna()).to_numpy(bool)


def gaia_velocities(
    catalog: pd.DataFrame, gaia: pd.DataFrame, selection: pd.DataFrame, decisions: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Recommended, LAMOST's and Gaia's velocities of the spectra of Figure 14.

    Parameters
    ----------
    catalog : pandas.DataFrame
        The recommended catalogue: spectrum_key, rv (km/s), rv_paper_from, rv_flag (1 is used), snr_*, orp_*.
    gaia : pandas.DataFrame
        The crossmatch: spectrum_key, radial_velocity, radial_velocity_error, rv_expected_sig_to_noise.
    selection : pandas.DataFrame
        Of RVMM: spectrum_key, lamost_rv (km/s).
    decisions : pandas.DataFrame, optional
        Of the queue rv: spectrum_key, review_status.

    Returns
    -------
    pandas.DataFrame
        spectrum_key; rv, lamost_rv, gaia_rv (km/s); updated, whether RVMM replaced LAMOST's velocity; doubted, whether
        LAMOST's velocity was queued, the consensus keeps it and no person has looked; good, see `good_spectra`; snr_i.
    """
    theirs = gaia.loc[good_gaia_velocity(gaia), ["spectrum_key", "radial_velocity"]]
    table = catalog[catalog["rv_flag"] == 1].drop(columns=["lamost_rv", "radial_velocity"], errors="ignore")
    table = table.merge(theirs, on="spectrum_key")
    table = table.merge(selection[["spectrum_key", "lamost_rv"]], on="spectrum_key", how="left")
    table = table.rename(columns={"radial_velocity": "gaia_rv"}).astype({"gaia_rv": float, "rv": float})
    table["updated"] = (table["rv_paper_from"] != "LAMOST").to_numpy(bool)
    waits = [] if decisions is None else decisions.loc[decisions["review_status"] == "provisional", "spectrum_key"]
    table["doubted"] = table["spectrum_key"].isin(waits) & ~table["updated"]
    table["good"] = good_spectra(table)
    return table[["spectrum_key", "rv", "lamost_rv", "gaia_rv", "updated", "doubted", "good", "snr_i"]]
