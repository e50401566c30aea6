"""The table of photometry: distance, reddening, place in the colour-magnitude diagram, WISE colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mstars.sky.cmd import DM_REGIONS, cmd_position
from mstars.sky.extinction import absolute_magnitude, gaia_coefficients, reddening, wise_coefficients
from mstars.sky.gaia_criteria import cmd_flag

PHOTOMETRY_COLUMNS = (
    "spectrum_key",
    "r_med_geo",
    "ebv",
    "ebv_flag",
    "bp_rp_0",
    "M_G_0",
    "CMD_flag",
    "CMD_pos",
    "W1_W2_0",
    "e_W1",
    "e_W2",
)


def photometry(gaia: pd.DataFrame, allwise: pd.DataFrame, dust_map: str | Path | None, settings: dict) -> pd.DataFrame:
    """Extinction-corrected photometry of matched spectra (sections 3.4.1 and 4.3, Table 9).

    Parameters
    ----------
    gaia : pandas.DataFrame
        n rows: spectrum_key, source_id, the Gaia columns, r_med_geo (pc).
    allwise : pandas.DataFrame
        The same spectra: spectrum_key, w1mpro, w1sigmpro, w2mpro, w2sigmpro (mag).
    dust_map : str, Path or None
        The Bayestar19 file; None: no reddening is known.
    settings : dict
        Section ``photometry`` of the config: dust_mode, ebv_scale, gaia_extinction, wise_extinction, dm_region,
        missing_ebv.

    Returns
    -------
    pandas.DataFrame
        `PHOTOMETRY_COLUMNS`. ebv_flag 1: the map calls the value reliable. CMD_flag is null where there is no Gaia
        match, and CMD_pos ``''`` where CMD_flag is not 1 or the place is unknown.
    """
    gaia = gaia.reset_index(drop=True)
    wise = gaia[["spectrum_key"]].merge(allwise, on="spectrum_key", how="left", validate="one_to_one")
    distance = _floats(gaia, "r_med_geo")
    ebv, reliable = np.full(len(gaia), np.nan), np.zeros(len(gaia), bool)
    if dust_map is not None and np.isfinite(distance).any():
        ra, dec = _floats(gaia, "ra"), _floats(gaia, "dec")
        ebv, reliable = reddening(ra, dec, distance, dust_map, mode=settings["dust_mode"], scale=settings["ebv_scale"])
    ebv_used = ebv if settings["missing_ebv"] == "none" else np.nan_to_num(ebv, nan=0.0)
    colour, magnitude = _corrected_gaia(gaia, distance, ebv_used, settings["gaia_extinction"])
    matched = gaia["source_id"].notna().to_numpy()
    flag = pd.Series(cmd_flag(gaia).astype("int8"), dtype="Int8").where(matched)
    position = cmd_position(colour, magnitude, DM_REGIONS[settings["dm_region"]])
    position[~(flag == 1).fillna(False).to_numpy(dtype=bool)] = ""
    return pd.DataFrame(
        {
            "spectrum_key": gaia["spectrum_key"],
            "r_med_geo": distance,
            "ebv": ebv,
            "ebv_flag": pd.Series(reliable.astype("int8"), dtype="Int8").where(np.isfinite(ebv)),
            "bp_rp_0": colour,
            "M_G_0": magnitude,
            "CMD_flag": flag,
            "CMD_pos": position,
            "W1_W2_0": _corrected_wise(wise, ebv_used, settings["wise_extinction"]),
            "e_W1": _floats(wise, "w1sigmpro"),
            "e_W2": _floats(wise, "w2sigmpro"),
        },
        columns=list(PHOTOMETRY_COLUMNS),
    )


def _floats(table: pd.DataFrame, name: str) -> np.ndarray:
    return table[name].to_numpy(dtype=float, na_value=np.nan)


def _corrected_gaia(gaia, distance, ebv, option) -> tuple[np.ndarray, np.ndarray]:
    """(BP-RP)_0 and M_G,0 by Equation 1."""
    coefficient = gaia_coefficients(option)
    colour = _floats(gaia, "bp_rp") - (coefficient["BP"] - coefficient["RP"]) * ebv
    magnitude = absolute_magnitude(_floats(gaia, "phot_g_mean_mag"), distance, coefficient["G"] * ebv)
    return colour, magnitude


def _corrected_wise(wise, ebv, option) -> np.ndarray:
    coefficient = wise_coefficients(ebv, option)
    return _floats(wise, "w1mpro") - _floats(wise, "w2mpro") - (coefficient["W1"] - coefficient["W2"]) * ebv
