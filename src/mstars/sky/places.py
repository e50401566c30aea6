"""Where a catalogue is searched for a spectrum, and what its matches look like as a table."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.sky.crossmatch import propagate

logger = logging.getLogger("mstars")

KEPT_OF_MATCH = ("sep_arcsec", "match_epoch", "n_within")


def observation_year(table: pd.DataFrame) -> np.ndarray:
    """Julian year of each observation.

    Parameters
    ----------
    table : pandas.DataFrame
        n rows: obsdate (taken first), mjd.

    Returns
    -------
    ndarray, [n]
        NaN where neither is known.
    """
    day = pd.to_datetime(table["obsdate"].astype("string"), errors="coerce", format="%Y-%m-%d")
    since = (day - pd.Timestamp("2000-01-01 12:00")).dt.total_seconds().to_numpy(dtype=float) / 86400
    mjd = pd.to_numeric(table["mjd"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    mjd = np.where(mjd > 0, mjd, np.nan)
    return 2000.0 + np.where(np.isfinite(since), since, mjd - 51544.5) / 365.25


def epochs_tried(settings: dict, table: pd.DataFrame, catalogue_epoch: float) -> dict[str, np.ndarray]:
    """Epochs to which the sources of a catalogue with proper motions are moved.

    Parameters
    ----------
    settings : dict
        The config section ``crossmatch``.
    table : pandas.DataFrame
        n candidates.
    catalogue_epoch : float
        Julian year.

    Returns
    -------
    dict of str to ndarray, [n]
        Years from the catalogue's epoch, by the epoch's name.
    """
    still = np.zeros(len(table))
    if settings["method"] == "plain":
        return {"catalogue": still}
    years = {"catalogue": still, "observation": observation_year(table) - catalogue_epoch}
    if settings["input_epoch"] is not None:
        years["input"] = still + settings["input_epoch"] - catalogue_epoch
    return years


def longest_time(years: dict[str, np.ndarray]) -> float:
    """The longest time that sources are moved for, of `epochs_tried`: Julian years."""
    return float(max((np.nanmax(np.abs(one), initial=0.0) for one in years.values()), default=0.0))


def places_of(m_catalog, gaia, settings, survey) -> dict:
    """Where to look: the place of the spectrum, and the place of its Gaia source at the survey's epoch.

    Parameters
    ----------
    m_catalog, gaia, settings
        As for `mstars.sky.allwise.match_allwise`.
    survey : str
        Key of ``crossmatch.epochs``.

    Returns
    -------
    dict of str to (ndarray, ndarray)
        Right ascension and declination, degrees [n], by the place's name.

    Raises
    ------
    InputError
        When ``gaia`` is not of these spectra.
    """
    places = {"observation": coordinates(m_catalog)}
    if settings["method"] == "plain":
        return places
    if not np.array_equal(m_catalog["spectrum_key"].to_numpy(), gaia["spectrum_key"].to_numpy()):
        raise InputError("crossmatch/gaia: not of these spectra; delete the cell's table and run again")
    columns = (gaia[name].to_numpy(float, na_value=np.nan) for name in ("ra", "dec", "pmra", "pmdec"))
    places["catalogue"] = propagate(*columns, settings["epochs"][survey] - settings["epochs"]["gaia"])
    return places


def coordinates(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Right ascension and declination as numbers.

    Parameters
    ----------
    table : pandas.DataFrame
        n rows: ra, dec.

    Returns
    -------
    ra, dec : ndarray, [n]
        Degrees; NaN where unknown.
    """
    return tuple(pd.to_numeric(table[name]).to_numpy(float, na_value=np.nan) for name in ("ra", "dec"))


def rows_at(table: pd.DataFrame, index: pd.Series, names) -> pd.DataFrame:
    """Rows of a catalogue in the order of the spectra.

    Parameters
    ----------
    table : pandas.DataFrame
        The catalogue.
    index : pandas.Series of int, [n]
        Rows; -1: none.
    names : sequence of str
        Columns wanted.

    Returns
    -------
    pandas.DataFrame
        n rows; nulls ('' for text) where the index is -1.
    """
    taken = table[list(names)].reindex(index.where(index >= 0, -1).to_numpy()).reset_index(drop=True)
    for name in taken:
        if table[name].dtype == object or pd.api.types.is_string_dtype(table[name].dtype):
            taken[name] = taken[name].astype(object).where(taken[name].notna(), "")
    return taken


def joined_table(survey: str, m_catalog, match, found) -> pd.DataFrame:
    """The table of a survey's matches, told to the log.

    Parameters
    ----------
    survey : str
        For the log.
    m_catalog : pandas.DataFrame
        n candidates.
    match : pandas.DataFrame
        n rows: of `mstars.sky.crossmatch.match_fixed`.
    found : pandas.DataFrame
        n rows: of `rows_at`.

    Returns
    -------
    pandas.DataFrame
        n rows: spectrum_key, `KEPT_OF_MATCH` and the columns found.
    """
    table = pd.concat([match[list(KEPT_OF_MATCH)], found], axis=1)
    table.insert(0, "spectrum_key", m_catalog["spectrum_key"].to_numpy())
    log_matches(survey, table)
    return table


def log_matches(survey: str, table: pd.DataFrame) -> None:
    """Tell the log how many spectra matched, at which epoch, and how many matches are in doubt.

    Parameters
    ----------
    survey : str
    table : pandas.DataFrame
        With `KEPT_OF_MATCH`; of Gaia also source_id, many_to_one and id_agrees.
    """
    matched = table["sep_arcsec"].notna()
    logger.info("%s: %d of %d spectra matched", survey, matched.sum(), len(table))
    logger.info("by epoch: %s", table.loc[matched, "match_epoch"].value_counts().to_dict())
    logger.info("with more than one source within the radius: %d", (table["n_within"] > 1).sum())
    if "source_id" in table:
        shared = table.loc[table["many_to_one"], "source_id"].nunique()
        logger.info("%d sources, %d of them with more than one spectrum", table["source_id"].nunique(), shared)
        logger.info("another source_id than the catalogue's own: %d", (table["id_agrees"] == False).sum())  # noqa: E712
