"""Gaia DR3 with Bailer-Jones distances, AllWISE and APOGEE DR16, one row a candidate spectrum."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from mstars.crossmatch.external import Column, read_external
from mstars.crossmatch.sky import match_fixed, match_moving, propagate, sky_groups
from mstars.errors import InputError

logger = logging.getLogger("mstars")

_GAIA_BAND = {"g": "G", "bp": "BP", "rp": "RP"}

GAIA = (
    Column("source_id", ("Source", "SOURCE_ID", "gaia_source_id"), "int"),
    Column("ra", ("RA_ICRS", "RAdeg")),
    Column("dec", ("DE_ICRS", "DEdeg")),
    Column("pmra", ("pmRA",), required=False),
    Column("pmdec", ("pmDE",), required=False),
    Column("parallax", ("Plx",), required=False),
    Column("parallax_error", ("e_Plx",), required=False),
    Column("parallax_over_error", ("RPlx",), required=False),
    *(Column(f"phot_{low}_mean_mag", (f"{up}mag",)) for low, up in _GAIA_BAND.items()),
    *(Column(f"phot_{low}_mean_flux_over_error", (f"RF{up}",)) for low, up in _GAIA_BAND.items()),
    Column("bp_rp", ("BP-RP", "bp_rp_obs"), required=False),
    Column("ruwe", ("RUWE",)),
    Column("radial_velocity", ("RV", "dr3_radial_velocity"), required=False),
    Column("radial_velocity_error", ("e_RV", "dr3_radial_velocity_error"), required=False),
    Column("rv_expected_sig_to_noise", ("RVS/N", "SNRV"), required=False),
)

_DISTANCE_COLUMNS = (("r_med_geo", ("rgeo",)), ("r_lo_geo", ("b_rgeo",)), ("r_hi_geo", ("B_rgeo",)))
DISTANCES = (
    Column("source_id", ("Source", "SOURCE_ID"), "int"),
    Column(*_DISTANCE_COLUMNS[0]),
    *(Column(*spelling, required=False) for spelling in _DISTANCE_COLUMNS[1:]),
)
_DISTANCES_IN_GAIA = tuple(Column(*spelling, required=False) for spelling in _DISTANCE_COLUMNS)

ALLWISE = (
    Column("designation", ("AllWISE",), "str", required=False),
    Column("ra", ("RAJ2000", "RA_pm")),
    Column("dec", ("DEJ2000", "DE_pm")),
    Column("w1mpro", ("W1mag",)),
    Column("w1sigmpro", ("e_W1mag",)),
    Column("w2mpro", ("W2mag",)),
    Column("w2sigmpro", ("e_W2mag",)),
)

APOGEE_LABELS = ("TEFF", "LOGG", "M_H", "ALPHA_M")
APOGEE_NUMBERS = tuple(name + end for name in APOGEE_LABELS for end in ("", "_ERR"))
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
_EXTRATARG_DUPLICATE = 1 << 4

_MATCH = ("sep_arcsec", "match_epoch", "n_within")
_GAIA_OUT = tuple(column.name for column in GAIA if column.name != "source_id")
_DISTANCE_OUT = tuple(name for name, _ in _DISTANCE_COLUMNS)


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


def match_gaia(m_catalog: pd.DataFrame, gaia_path, distances_path, settings: dict) -> pd.DataFrame:
    """Gaia DR3 source, Bailer-Jones distance and star_id of each candidate.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v0: spectrum_key, ra, dec (degrees), obsdate, mjd, gaia_source_id.
    gaia_path, distances_path : str, Path or None
        The files; None: none. Distances may be columns of the Gaia file instead.
    settings : dict
        Section ``crossmatch`` of the config.

    Returns
    -------
    pandas.DataFrame
        A row a candidate: spectrum_key, star_id, source_id (null: no match), sep_arcsec, match_epoch (where the source
        was nearest: catalogue, observation or input), n_within, next_sep_arcsec and next_g_mag (of the second nearest
        source within the radius; null: none), n_spectra (that share the source), many_to_one, id_agrees (with the
        catalogue's own gaia_source_id; null where either is missing), the Gaia columns and r_med_geo, r_lo_geo,
        r_hi_geo (pc).
    """
    gaia = _empty(GAIA + _DISTANCES_IN_GAIA) if gaia_path is None else _read_gaia(gaia_path, distances_path, settings)
    ra, dec = _coordinates(m_catalog)
    years = _epochs(settings, m_catalog, settings["epochs"]["gaia"])
    match = match_moving(ra, dec, years, gaia, settings["radius_arcsec"])
    found = _take(gaia, match["index"], (*_GAIA_OUT, *_DISTANCE_OUT, "source_id"))
    source = found.pop("source_id")
    count = source.map(source.value_counts()).fillna(0).astype("int64")
    own = m_catalog["gaia_source_id"].reset_index(drop=True).astype("Int64")
    own = own.where(own > 0)
    table = pd.DataFrame(
        {
            "spectrum_key": m_catalog["spectrum_key"].to_numpy(),
            "star_id": star_ids(m_catalog["spectrum_key"].to_numpy(), source, ra, dec, settings["radius_arcsec"]),
            "source_id": source,
            **{name: match[name] for name in _MATCH},
            "next_sep_arcsec": match["next_sep_arcsec"],
            "next_g_mag": _take(gaia, match["next"], ["phot_g_mean_mag"])["phot_g_mean_mag"],
            "n_spectra": count,
            "many_to_one": count > 1,
            "id_agrees": (own == source).astype("boolean"),
        }
    )
    _report("Gaia DR3", table)
    return pd.concat([table, found], axis=1)


def _read_gaia(gaia_path, distances_path, settings) -> pd.DataFrame:
    gaia = read_external(gaia_path, GAIA + _DISTANCES_IN_GAIA, "external.gaia")
    if settings["method"] != "plain" and len(gaia) and gaia[["pmra", "pmdec"]].isna().all().any():
        raise InputError(
            f"external.gaia: {gaia_path}: no proper motions (columns pmra, pmdec); "
            "add them or set crossmatch.method: plain"
        )
    colour = gaia["phot_bp_mean_mag"] - gaia["phot_rp_mean_mag"]
    gaia["bp_rp"] = gaia["bp_rp"].where(gaia["bp_rp"].notna(), colour)
    ratio = gaia["parallax"] / gaia["parallax_error"]
    gaia["parallax_over_error"] = gaia["parallax_over_error"].where(gaia["parallax_over_error"].notna(), ratio)
    gaia = gaia[gaia["source_id"].notna()].drop_duplicates("source_id", ignore_index=True)
    if distances_path is not None:
        distances = read_external(distances_path, DISTANCES, "external.distances")
        distances = distances[distances["source_id"].notna()].drop_duplicates("source_id")
        gaia = gaia.drop(columns=list(_DISTANCE_OUT)).merge(distances, on="source_id", how="left")
    return gaia


def star_ids(keys: np.ndarray, source: pd.Series, ra: np.ndarray, dec: np.ndarray, radius_arcsec: float) -> np.ndarray:
    """Name of each spectrum's star: its Gaia source_id, else the first spectrum_key of its sky group as ``pos-...``."""
    matched = source.notna().to_numpy()
    names = np.empty(len(keys), dtype=object)
    names[matched] = source[matched].astype("int64").astype(str).to_numpy()
    rows = np.flatnonzero(~matched)
    group = sky_groups(ra[rows], dec[rows], radius_arcsec)
    first = pd.Series(np.asarray(keys, dtype=str)[rows]).groupby(group).transform("min")
    names[rows] = ("pos-" + first).to_numpy(dtype=object)
    return names


def match_allwise(m_catalog: pd.DataFrame, gaia: pd.DataFrame, path, settings: dict) -> pd.DataFrame:
    """AllWISE source of each candidate: spectrum_key, sep_arcsec, match_epoch, n_within and the WISE columns.

    Looked for where the spectrum was taken (``observation``) and, unless ``method`` is ``plain``, where the matched
    Gaia source was in AllWISE's epoch (``catalogue``).
    """
    table = _empty(ALLWISE) if path is None else read_external(path, ALLWISE, "external.allwise")
    match = match_fixed(_places(m_catalog, gaia, settings, "allwise"), table, settings["radius_arcsec"])
    found = _take(table, match["index"], [column.name for column in ALLWISE if column.name not in ("ra", "dec")])
    return _joined("AllWISE", m_catalog, match, found)


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
    duplicate = (table["EXTRATARG"].fillna(0).astype("int64") & _EXTRATARG_DUPLICATE) != 0
    table = table[~duplicate & (table["APOGEE_ID"] != "")]
    table = table.sort_values("SNR", ascending=False, na_position="last", kind="stable")
    return table.drop_duplicates("APOGEE_ID").sort_index().reset_index(drop=True)


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
