"""AllWISE sources, one row a candidate spectrum."""

from __future__ import annotations

import pandas as pd

from mstars.files.external_tables import Column, empty_table
from mstars.sky.coverage import Coverage
from mstars.sky.crossmatch import match_fixed
from mstars.sky.parts import read_part
from mstars.sky.places import joined_table, places_of, rows_at

ALLWISE = (
    Column("designation", ("AllWISE",), "str", required=False),
    Column("ra", ("RAJ2000", "RA_pm"), "ra", unit="deg"),
    Column("dec", ("DEJ2000", "DE_pm"), "dec", unit="deg"),
    Column("w1mpro", ("W1mag",), unit="mag"),
    Column("w1sigmpro", ("e_W1mag",), unit="mag"),
    Column("w2mpro", ("W2mag",), unit="mag"),
    Column("w2sigmpro", ("e_W2mag",), unit="mag"),
)


def match_allwise(m_catalog: pd.DataFrame, gaia: pd.DataFrame, path, settings: dict) -> pd.DataFrame:
    """AllWISE source of each candidate.

    Looked for where the spectrum was taken (``observation``) and, unless ``method`` is ``plain``, where the matched
    Gaia source was in AllWISE's epoch (``catalogue``).

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        n candidates: spectrum_key, ra, dec (degrees).
    gaia : pandas.DataFrame
        Of `mstars.sky.gaia.gaia_of_cell`: the same spectra in the same order.
    path : path or None
        The external table, a file or a HATS folder; None: there is none.
    settings : dict
        The config section ``crossmatch``.

    Returns
    -------
    pandas.DataFrame
        n rows: spectrum_key, sep_arcsec, match_epoch, n_within and the columns of `ALLWISE` but the place; null without
        a match.
    """
    places = places_of(m_catalog, gaia, settings, "allwise")
    table = empty_table(ALLWISE)
    if path is not None:
        coverage = Coverage(places.values(), settings["radius_arcsec"])
        table = read_part(path, ALLWISE, "external.allwise", coverage).table.reset_index(drop=True)
    match = match_fixed(places, table, settings["radius_arcsec"])
    found = rows_at(table, match["index"], [column.name for column in ALLWISE if column.name not in ("ra", "dec")])
    return joined_table("AllWISE", m_catalog, match, found)
