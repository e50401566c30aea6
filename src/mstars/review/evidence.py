"""What the review desk shows beside a spectrum, gathered once when a queue is written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mstars.core.bands import ORP
from mstars.core.errors import InputError
from mstars.core.lines import velocity_lines
from mstars.core.palette import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED
from mstars.core.snr import SNR
from mstars.core.velocities import PAPER_RV_FROM, SOURCES
from mstars.sky.cmd import DM_REGIONS, GM_LINE
from mstars.spectra.features import luminosity_features

EVIDENCE_COLUMNS = (
    *("obsid", "plate", "fiberid", "obsdate", "ra_obs", "dec_obs", *SNR, "class"),
    *("subclass", "lamost_class", "lamost_rv", "lamost_rv_err", "spt_class", "spt_prob", "wdm_class", "wdm_prob"),
    *("dmgm_class", "dmgm_prob", "luminosity_class", "CMD_flag", "CMD_pos", "bp_rp_0", "M_G_0", "ebv", "r_med_geo"),
    *("W1_W2_0", "star_id", "source_id", "sep_arcsec", "match_epoch", "n_within", "n_spectra", "many_to_one"),
    *("next_sep_arcsec", "next_g_mag"),
    *("id_agrees", "pmra", "pmdec", "parallax", "parallax_over_error", "phot_g_mean_mag", "ruwe", "radial_velocity"),
    *("radial_velocity_error", *ORP, "release", "pipeline", "batch", "row"),
)
"""Columns taken from the survey's tables where they have them."""

BACKGROUND = 1500
"""Stars drawn in the colour-magnitude diagram behind the candidate."""

VELOCITY_MARKS = {
    method: (PAPER_RV_FROM[method], color)
    for method, color in zip(SOURCES, (BLACK, RED, BLUE, GREEN, ORANGE, PURPLE), strict=True)
}
"""Name and colour of each velocity that can be marked, by its name in `mstars.core.velocities.SOURCES`."""

ZOOMS = {
    "CaH": (6820.0, 7140.0),
    r"H$\alpha$, [N II], [S II]": (6520.0, 6760.0),
    "K I": (7640.0, 7730.0),
    "Na I": (8150.0, 8230.0),
    "Ti I, Ca II": (8410.0, 8700.0),
}
"""Windows shown magnified, vacuum angstrom."""


def known(value) -> bool:
    """Whether a table's cell holds a value: neither null, NaN nor empty text."""
    return value is not None and value is not pd.NA and value == value and value != ""


def marks(queue: str) -> pd.DataFrame:
    """Rest wavelengths that a reviewer looks at.

    Parameters
    ----------
    queue : str
        In `rv` they are the lines of Tables 5 and 6 of Li et al. (2025), in all other queues the features of Table 3.

    Returns
    -------
    pandas.DataFrame
        ``set`` (absorption, emission or features), ``name``, ``lower`` and ``upper`` (vacuum, angstrom; equal for a
        line). Features have ``dM`` and ``gM``: how they look in a dwarf and in a giant.
    """
    if queue == "rv":
        lines = velocity_lines().rename(columns={"line": "name", "wavelength": "lower"})
        return lines.assign(upper=lines["lower"])[["set", "name", "lower", "upper"]]
    table = luminosity_features().rename(columns={"feature": "name"})
    return table.assign(set="features")[["set", "name", "lower", "upper", "dM", "gM"]]


def with_evidence(table: pd.DataFrame, others: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Add `EVIDENCE_COLUMNS` of other tables to a queue.

    Parameters
    ----------
    table : pandas.DataFrame, [n]
        Candidates with spectrum_key.
    others : sequence of pandas.DataFrame
        With spectrum_key (unique). Of a column that several have, the first one's is taken. One has batch and row,
        where the spectrum is stored.

    Returns
    -------
    pandas.DataFrame, [n]
        In the order of ``table``.

    Raises
    ------
    InputError
        When a candidate has no stored spectrum.
    """
    for other in others:
        more = [name for name in EVIDENCE_COLUMNS if name in other and name not in table]
        table = table.merge(other[["spectrum_key", *more]], on="spectrum_key", how="left", validate="one_to_one")
    missing = table["row"].isna()
    if missing.any():
        raise InputError(f"no stored spectrum of candidate {table['spectrum_key'][missing].iloc[0]}: run ingest again")
    return table.astype({"row": "int64"})


def desk_facts(photometry: pd.DataFrame, region: str) -> dict:
    """What the review desk draws in the colour-magnitude diagram.

    Parameters
    ----------
    photometry : pandas.DataFrame
        spectrum_key, CMD_flag, bp_rp_0 and M_G_0 (mag).
    region : str
        A key of `mstars.sky.cmd.DM_REGIONS`.

    Returns
    -------
    dict
        ``stars``, float64 [`BACKGROUND` or fewer, 2]: colour and M_G (mag) of stars with CMD_flag 1. ``dm_region``:
        corners of the dwarfs' region. ``gm_line``: slope and intercept of the giants' limit.
    """
    good = photometry[(photometry["CMD_flag"].fillna(0) == 1)].sort_values("spectrum_key")
    points = good[["bp_rp_0", "M_G_0"]].dropna().to_numpy(dtype=float)
    step = max(1, len(points) // BACKGROUND)
    return {
        "stars": np.round(points[::step][:BACKGROUND], 3),
        "dm_region": DM_REGIONS[region],
        "gm_line": GM_LINE,
    }
