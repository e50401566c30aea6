"""Dwarf or giant by ASPCAP_CLASS, the grid of model spectra that APOGEE's pipeline fitted a star with."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES


def aspcap_kind(table: pd.DataFrame) -> np.ndarray:
    """Dwarf or giant by the last letter of ASPCAP_CLASS ('Md_a', 'GKg_b': M stars above 3500 K carry GK).

    Parameters
    ----------
    table : pandas.DataFrame
        n rows: ASPCAP_CLASS.

    Returns
    -------
    ndarray of str, [n]
        dM, gM or ''.
    """
    grid = table["ASPCAP_CLASS"].astype("object").fillna("").astype(str).str.strip().str.split("_").str[0]
    letter = grid.str[-1:].fillna("")
    return np.select([letter == "d", letter == "g"], LUMINOSITY_CLASSES, "")
