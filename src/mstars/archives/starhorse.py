"""StarHorse's parameters of the survey's Gaia sources, by TAP with their numbers as an upload."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mstars.archives.tap import Patience, Question, Table, ask
from mstars.files.external_tables import Column, empty_table

_LABELS = {"teff": "K", "logg": "", "met": ""}
_QUANTITIES = _LABELS | {"dist": "kpc", "av": "mag"}

STARHORSE = (
    Column("source_id", ("Source", "EDR3Name"), "id"),
    *(
        Column(f"{name}{share}", required=share == 50 and name in _LABELS, unit=unit)
        for name, unit in _QUANTITIES.items()
        for share in (50, 16, 84)
    ),
    Column("fidelity", required=False),
    Column("sh_outflag", ("outflag",), "str", required=False),
)
"""Columns of Anders et al. (2022), table I/354/starhorse2021 of VizieR: percentiles of each quantity."""


def starhorse_of(source_ids: pd.Series, tables: Sequence[Table], patience: Patience) -> tuple:
    """StarHorse's rows of some Gaia sources.

    Parameters
    ----------
    source_ids : pandas.Series
        Gaia (E)DR3 source_id, null where a spectrum has none.
    tables : sequence of Table
    patience : Patience

    Returns
    -------
    rows : pandas.DataFrame
        `STARHORSE`, a row a source that it has.
    table : Table or None
        Where they are from; None: there was nothing to ask.
    """
    asked = source_ids.dropna().astype("int64").drop_duplicates().sort_values(ignore_index=True)
    if asked.empty:
        return empty_table(STARHORSE), None
    question = Question("acquire.starhorse", STARHORSE, lambda names: f"{names['source_id']} = p.source_id")
    return ask(tables, question, asked.to_frame("source_id"), patience)
