"""AllWISE sources, one row a candidate spectrum."""

from __future__ import annotations

import pandas as pd

from mstars.files.external_tables import Column, read_external
from mstars.sky.crossmatch import match_fixed
from mstars.sky.places import _empty, _joined, _places, _take

ALLWISE = (
    Column("designation", ("AllWISE",), "str", required=False),
    Column("ra", ("RAJ2000", "RA_pm")),
    Column("dec", ("DEJ2000", "DE_pm")),
    Column("w1mpro", ("W1mag",)),
    Column("w1sigmpro", ("e_W1mag",)),
    Column("w2mpro", ("W2mag",)),
    Column("w2sigmpro", ("e_W2mag",)),
)


def match_allwise(m_catalog: pd.DataFrame, gaia: pd.DataFrame, path, settings: dict) -> pd.DataFrame:
    """AllWISE source of each candidate: spectrum_key, sep_arcsec, match_epoch, n_within and the WISE columns.

    Looked for where the spectrum was taken (``observation``) and, unless ``method`` is ``plain``, where the matched
    Gaia source was in AllWISE's epoch (``catalogue``).
    """
    table = _empty(ALLWISE) if path is None else read_external(path, ALLWISE, "external.allwise")
    match = match_fixed(_places(m_catalog, gaia, settings, "allwise"), table, settings["radius_arcsec"])
    found = _take(table, match["index"], [column.name for column in ALLWISE if column.name not in ("ra", "dec")])
    return _joined("AllWISE", m_catalog, match, found)
