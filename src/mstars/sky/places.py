"""Where a catalogue is searched for a spectrum, and what its matches look like as a table."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.sky.crossmatch import propagate

logger = logging.getLogger("mstars")

_MATCH = ("sep_arcsec", "match_epoch", "n_within")


def observation_year(table: pd.DataFrame) -> np.ndarray:
    """Julian year of each observation from obsdate, else from mjd; NaN where neither is known."""
    day = pd.to_datetime(table["obsdate"].astype("string"), errors="coerce", format="%Y-%m-%d")
    since = (day - pd.Timestamp("2000-01-01 12:00")).dt.total_seconds().to_numpy(dtype=float) / 86400
    mjd = pd.to_numeric(table["mjd"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    mjd = np.where(mjd > 0, mjd, np.nan)
    return 2000.0 + np.where(np.isfinite(since), since, mjd - 51544.5) / 365.25


def _epochs(settings: dict, table: pd.DataFrame, catalogue_epoch: float) -> dict[str, np.ndarray]:
    """Names of the epochs to try and their years from the catalogue's."""
    still = np.zeros(len(table))
    if settings["method"] == "plain":
        return {"catalogue": still}
    years = {"catalogue": still, "observation": observation_year(table) - catalogue_epoch}
    if settings["input_epoch"] is not None:
        years["input"] = still + settings["input_epoch"] - catalogue_epoch
    return years


def _places(m_catalog, gaia, settings, survey) -> dict:
    """Where to look: the place of the spectrum, and the place of its Gaia source at the survey's epoch."""
    places = {"observation": _coordinates(m_catalog)}
    if settings["method"] == "plain":
        return places
    if not np.array_equal(m_catalog["spectrum_key"].to_numpy(), gaia["spectrum_key"].to_numpy()):
        raise InputError("crossmatch/gaia.parquet: not of these spectra; run crossmatch_gaia again")
    columns = (gaia[name].to_numpy(float, na_value=np.nan) for name in ("ra", "dec", "pmra", "pmdec"))
    places["catalogue"] = propagate(*columns, settings["epochs"][survey] - settings["epochs"]["gaia"])
    return places


def _coordinates(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return tuple(pd.to_numeric(table[name]).to_numpy(float, na_value=np.nan) for name in ("ra", "dec"))


def _empty(columns) -> pd.DataFrame:
    kinds = {"float": "float64", "int": "Int64", "str": object}
    return pd.DataFrame({column.name: pd.Series(dtype=kinds[column.kind]) for column in columns})


def _take(table: pd.DataFrame, index: pd.Series, names) -> pd.DataFrame:
    """Rows of a catalogue in the order of the spectra; -1 gives nulls ('' for text)."""
    taken = table[list(names)].reindex(index.where(index >= 0, -1).to_numpy()).reset_index(drop=True)
    for name in taken:
        if table[name].dtype == object or pd.api.types.is_string_dtype(table[name].dtype):
            taken[name] = taken[name].astype(object).where(taken[name].notna(), "")
    return taken


def _joined(survey: str, m_catalog, match, found) -> pd.DataFrame:
    table = pd.concat([match[list(_MATCH)], found], axis=1)
    table.insert(0, "spectrum_key", m_catalog["spectrum_key"].to_numpy())
    _report(survey, table)
    return table


def _report(survey: str, table: pd.DataFrame) -> None:
    matched = table["sep_arcsec"].notna()
    logger.info("%s: %d of %d spectra matched", survey, matched.sum(), len(table))
    logger.info("by epoch: %s", table.loc[matched, "match_epoch"].value_counts().to_dict())
    logger.info("with more than one source within the radius: %d", (table["n_within"] > 1).sum())
    if "source_id" in table:
        shared = table.loc[table["many_to_one"], "source_id"].nunique()
        logger.info("%d sources, %d of them with more than one spectrum", table["source_id"].nunique(), shared)
        logger.info("another source_id than the catalogue's own: %d", (table["id_agrees"] == False).sum())  # noqa: E712
