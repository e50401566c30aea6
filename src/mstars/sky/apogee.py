"""APOGEE DR16 stars, one row a candidate spectrum."""

from __future__ import annotations

import pandas as pd

from mstars.core.flags import ApogeeTargetFlag
from mstars.core.labels import APOGEE_COLUMNS
from mstars.core.missing import without_missing
from mstars.files.external_tables import Column, empty_table
from mstars.sky.coverage import Coverage
from mstars.sky.crossmatch import match_fixed
from mstars.sky.parts import read_part
from mstars.sky.places import joined_table, places_of, rows_at

APOGEE_NUMBERS = tuple(name + end for name in APOGEE_COLUMNS.values() for end in ("", "_ERR"))

APOGEE = (
    Column("APOGEE_ID", ("APOGEE",), "str"),
    Column("RA", ("RAJ2000",), "ra", unit="deg"),
    Column("DEC", ("DEJ2000",), "dec", unit="deg"),
    Column("SNR", ("S/N",)),
    *(Column(name) for name in APOGEE_NUMBERS),
    Column("ASPCAP_CLASS", (), "str"),
    Column("ASPCAPFLAG", (), "int"),
    Column("STARFLAG", (), "int"),
    Column("EXTRATARG", (), "int", required=False),
)


def match_apogee(m_catalog: pd.DataFrame, gaia: pd.DataFrame, path, settings: dict) -> pd.DataFrame:
    """APOGEE DR16 star of each candidate.

    allStar has a row a star and field: duplicates (EXTRATARG bit 4) go, then the row of the highest S/N stays. Values
    of -9999 become null, label by label. No flag is cut on.

    Parameters
    ----------
    m_catalog, gaia, path, settings
        As for `mstars.sky.allwise.match_allwise`.

    Returns
    -------
    pandas.DataFrame
        n rows: spectrum_key, sep_arcsec, match_epoch, n_within, apogee_id, `APOGEE_NUMBERS`, ASPCAP_CLASS, ASPCAPFLAG,
        STARFLAG, SNR; null without a match.
    """
    places = places_of(m_catalog, gaia, settings, "apogee")
    table = empty_table(APOGEE)
    if path is not None:
        coverage = Coverage(places.values(), settings["radius_arcsec"])
        table = read_part(path, APOGEE, "external.apogee", coverage, clean_apogee).table.reset_index(drop=True)
    table = table.rename(columns={"APOGEE_ID": "apogee_id", "RA": "ra", "DEC": "dec"})
    match = match_fixed(places, table, settings["radius_arcsec"])
    names = ("apogee_id", *APOGEE_NUMBERS, "ASPCAP_CLASS", "ASPCAPFLAG", "STARFLAG", "SNR")
    return joined_table("APOGEE", m_catalog, match, rows_at(table, match["index"], names))


def clean_apogee(table: pd.DataFrame) -> pd.DataFrame:
    """AllStar with one row a star and nulls where APOGEE has no value.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns of `APOGEE`.

    Returns
    -------
    pandas.DataFrame
        At most one row an APOGEE_ID.
    """
    table = table.copy()
    numbers = [*APOGEE_NUMBERS, "SNR"]
    table[numbers] = without_missing(table[numbers])
    duplicate = (table["EXTRATARG"].fillna(0).astype("int64") & ApogeeTargetFlag.DUPLICATE) != 0
    table = table[~duplicate & (table["APOGEE_ID"] != "")]
    table = table.sort_values("SNR", ascending=False, na_position="last", kind="stable")
    return table.drop_duplicates("APOGEE_ID").sort_index().reset_index(drop=True)
