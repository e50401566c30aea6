"""The external catalogues that spectra are matched with, by the names of the config's section ``external``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from mstars.files.external_tables import Column
from mstars.sky.allwise import ALLWISE, match_allwise
from mstars.sky.apogee import APOGEE, clean_apogee, match_apogee
from mstars.sky.gaia import DISTANCES, GAIA_WITH_DISTANCES


@dataclass(frozen=True)
class Catalogue:
    """Columns that are read of a catalogue, and what makes its rows one a source (None: nothing)."""

    columns: tuple[Column, ...]
    clean: Callable[[pd.DataFrame], pd.DataFrame] | None = None


CATALOGUES = {
    "gaia": Catalogue(GAIA_WITH_DISTANCES),
    "distances": Catalogue(DISTANCES),
    "allwise": Catalogue(ALLWISE),
    "apogee": Catalogue(APOGEE, clean_apogee),
}

MATCHES = {"allwise": match_allwise, "apogee": match_apogee}
"""Catalogues that are matched by place alone."""
