"""Gaia, its distances and AllWISE for the spectra of a cell, by TAP."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mstars.archives.tap import Patience, Question, Table, ask
from mstars.files.external_tables import empty_table
from mstars.sky.allwise import ALLWISE
from mstars.sky.coverage import FASTEST
from mstars.sky.crossmatch import usable
from mstars.sky.gaia import DISTANCES, GAIA
from mstars.sky.places import coordinates, epochs_tried, longest_time, places_of

MARGIN = 0.01
"""arcsec beyond the radius, so that rounding loses no source."""

_NEAR = "1 = CONTAINS(POINT('ICRS', {ra}, {dec}), CIRCLE('ICRS', p.ra, p.dec, {radius}))"
_CLOSE = "DISTANCE(POINT('ICRS', {ra}, {dec}), POINT('ICRS', p.ra, p.dec))"


def gaia_near(spectra: pd.DataFrame, tables: Sequence[Table], settings: dict, patience: Patience) -> tuple:
    """Gaia's sources, with Bailer-Jones distances, that may be within the radius of a spectrum at any epoch tried.

    A source is asked for where it is within the radius and the way it moves in the longest time that counts.

    Parameters
    ----------
    spectra : pandas.DataFrame
        `mstars.sky.cells.CELL_COLUMNS`.
    tables : sequence of Table
    settings : dict
        Section ``crossmatch`` of the config.
    patience : Patience

    Returns
    -------
    rows : pandas.DataFrame
        Columns of `mstars.sky.gaia.GAIA_WITH_DISTANCES`.
    table : Table or None
        Where they are from; None: there was nothing to ask.
    """
    ra, dec = coordinates(spectra)
    longest = longest_time(epochs_tried(settings, spectra, settings["epochs"]["gaia"]))
    reach = (settings["radius_arcsec"] + MARGIN) / 3600
    widest = reach + 1e-3 * FASTEST * longest / 3600

    def where(names: dict[str, str]) -> str:
        close = _CLOSE.format(**names)
        near = _NEAR.format(radius=f"{widest:.8f}", **names)
        if not longest or not {"pmra", "pmdec"} <= set(names):
            return near
        moved = (
            f"{longest / 3.6e6:.10f} * SQRT({names['pmra']} * {names['pmra']} + {names['pmdec']} * {names['pmdec']})"
        )
        return f"{near} AND ({close} <= {reach:.8f} OR {close} <= {reach:.8f} + {moved})"

    question = Question("acquire.gaia", GAIA, where, DISTANCES)
    return _asked(question, [(ra, dec)], tables, patience)


def allwise_near(
    spectra: pd.DataFrame, gaia: pd.DataFrame, tables: Sequence[Table], settings: dict, patience: Patience
):
    """AllWISE's sources within the radius of a spectrum, or of its Gaia source at AllWISE's epoch.

    Parameters
    ----------
    gaia : pandas.DataFrame
        Of `mstars.sky.gaia.gaia_of_cell`.
    spectra, tables, settings, patience
        As for `gaia_near`.
    """
    radius = (settings["radius_arcsec"] + MARGIN) / 3600

    def where(names: dict[str, str]) -> str:
        return _NEAR.format(radius=f"{radius:.8f}", **names)

    places = places_of(spectra, gaia, settings, "allwise")
    return _asked(Question("acquire.allwise", ALLWISE, where), places.values(), tables, patience)


def _asked(question: Question, places, tables: Sequence[Table], patience: Patience) -> tuple:
    ra, dec = (np.concatenate([np.asarray(place[axis], float) for place in places]) for axis in (0, 1))
    good = usable(ra, dec)
    asked = pd.DataFrame({"ra": ra[good], "dec": dec[good]}).drop_duplicates(ignore_index=True)
    if asked.empty:
        return empty_table(question.answer), None
    return ask(tables, question, asked, patience)
