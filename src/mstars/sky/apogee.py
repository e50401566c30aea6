"""APOGEE DR16 stars, one row a candidate spectrum."""

from __future__ import annotations

import pandas as pd

from mstars.core.flags import ApogeeTargetFlag
from mstars.core.labels import APOGEE_COLUMNS
from mstars.files.external_tables import Column, read_external
from mstars.sky.crossmatch import match_fixed
from mstars.sky.places import _empty, _joined, _places, _take

APOGEE_NUMBERS = tuple(name + end for name in APOGEE_COLUMNS.values() for end in ("", "_ERR"))

APOGEE = (
    Column("APOGEE_ID", ("APOGEE",), "str"),
    Column("RA", ("RAJ2000",)),
    Column("DEC", ("DEJ2000",)),
    Column("SNR", ("S/N",)),
    *(Column(name) for name in APOGEE_NUMBERS),
    Column("ASPCAP_CLASS", (), "str"),
    Column("ASPCAPFLAG", (), "int"),
    Column("STARFLAG", (), "int"),
    Column("EXTRATARG", (), "int", required=False),
)

_MISSING_BELOW = -9998.0  # APOGEE writes -9999 (and -9999.99) where it has no value


def match_apogee(m_catalog: pd.DataFrame, gaia: pd.DataFrame, path, settings: dict) -> pd.DataFrame:
    """APOGEE DR16 star of each candidate: spectrum_key, apogee_id, labels, flags, SNR, sep_arcsec, match_epoch.

    allStar has a row a star and field: duplicates (EXTRATARG bit 4) go, then the row of the highest S/N stays. Values
    of -9999 become null, label by label. No flag is cut on.
    """
    table = _empty(APOGEE) if path is None else read_external(path, APOGEE, "external.apogee")
    table = clean_apogee(table).rename(columns={"APOGEE_ID": "apogee_id", "RA": "ra", "DEC": "dec"})
    match = match_fixed(_places(m_catalog, gaia, settings, "apogee"), table, settings["radius_arcsec"])
    names = ("apogee_id", *APOGEE_NUMBERS, "ASPCAP_CLASS", "ASPCAPFLAG", "STARFLAG", "SNR")
    return _joined("APOGEE", m_catalog, match, _take(table, match["index"], names))


def clean_apogee(table: pd.DataFrame) -> pd.DataFrame:
    """AllStar with one row a star and nulls where APOGEE has no value."""
    table = table.copy()
    numbers = [*APOGEE_NUMBERS, "SNR"]
    table[numbers] = table[numbers].where(table[numbers] > _MISSING_BELOW)
    duplicate = (table["EXTRATARG"].fillna(0).astype("int64") & ApogeeTargetFlag.DUPLICATE) != 0
    table = table[~duplicate & (table["APOGEE_ID"] != "")]
    table = table.sort_values("SNR", ascending=False, na_position="last", kind="stable")
    return table.drop_duplicates("APOGEE_ID").sort_index().reset_index(drop=True)
