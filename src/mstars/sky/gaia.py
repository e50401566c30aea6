"""Gaia DR3 sources with Bailer-Jones distances, one row a candidate spectrum."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.files.external_tables import Column, empty_table
from mstars.sky.cells import in_order
from mstars.sky.coverage import Coverage
from mstars.sky.crossmatch import match_moving, sky_groups
from mstars.sky.parts import read_part, rows_of
from mstars.sky.places import KEPT_OF_MATCH, coordinates, epochs_tried, log_matches, longest_time, rows_at

_GAIA_BAND = {"g": "G", "bp": "BP", "rp": "RP"}

GAIA = (
    Column("source_id", ("Source", "SOURCE_ID", "gaia_source_id"), "id"),
    Column("ra", ("RA_ICRS", "RAdeg"), "ra", unit="deg"),
    Column("dec", ("DE_ICRS", "DEdeg"), "dec", unit="deg"),
    Column("pmra", ("pmRA",), required=False, unit="mas/yr"),
    Column("pmdec", ("pmDE",), required=False, unit="mas/yr"),
    Column("parallax", ("Plx",), required=False, unit="mas"),
    Column("parallax_error", ("e_Plx",), required=False, unit="mas"),
    Column("parallax_over_error", ("RPlx",), required=False),
    *(Column(f"phot_{low}_mean_mag", (f"{up}mag",), unit="mag") for low, up in _GAIA_BAND.items()),
    *(Column(f"phot_{low}_mean_flux_over_error", (f"RF{up}",)) for low, up in _GAIA_BAND.items()),
    Column("bp_rp", ("BP-RP", "bp_rp_obs"), required=False, unit="mag"),
    Column("ruwe", ("RUWE",)),
    Column("phot_bp_rp_excess_factor", ("E(BP/RP)", "E_BP_RP_"), required=False),
    Column("phot_variable_flag", ("VarFlag",), "str", required=False),
    Column("non_single_star", ("NSS",), "int", required=False),
    Column("radial_velocity", ("RV", "dr3_radial_velocity"), required=False, unit="km/s"),
    Column("radial_velocity_error", ("e_RV", "dr3_radial_velocity_error"), required=False, unit="km/s"),
    Column("rv_expected_sig_to_noise", ("RVS/N", "SNRV"), required=False),
)

_DISTANCE_COLUMNS = (("r_med_geo", ("rgeo",)), ("r_lo_geo", ("b_rgeo",)), ("r_hi_geo", ("B_rgeo",)))

DISTANCES = (
    Column("source_id", ("Source", "SOURCE_ID"), "id"),
    Column(*_DISTANCE_COLUMNS[0], unit="pc"),
    *(Column(*spelling, required=False, unit="pc") for spelling in _DISTANCE_COLUMNS[1:]),
)

GAIA_WITH_DISTANCES = GAIA + tuple(Column(*spelling, required=False, unit="pc") for spelling in _DISTANCE_COLUMNS)

DISTANCE_REACH = 1.0
"""arcsec within which a catalogue of distances by position has the places of Gaia's sources."""

_GAIA_OUT = tuple(column.name for column in GAIA if column.name != "source_id")

_DISTANCE_OUT = tuple(name for name, _ in _DISTANCE_COLUMNS)


def match_gaia(m_catalog: pd.DataFrame, gaia_path, distances_path, settings: dict) -> pd.DataFrame:
    """Gaia DR3 source, Bailer-Jones distance and star_id of each candidate, all of them at once.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v0: spectrum_key, ra, dec (degrees), obsdate, mjd, gaia_source_id.
    gaia_path, distances_path, settings
        As for `gaia_of_cell`.

    Returns
    -------
    pandas.DataFrame
        As of `with_stars`.
    """
    found = gaia_of_cell(m_catalog, gaia_path, distances_path, settings)
    return with_stars(found, m_catalog, settings["radius_arcsec"])


def gaia_of_cell(spectra: pd.DataFrame, gaia_path, distances_path, settings: dict) -> pd.DataFrame:
    """Gaia DR3 source and Bailer-Jones distance of each spectrum, whatever the other cells hold.

    Parameters
    ----------
    spectra : pandas.DataFrame
        n spectra: `mstars.sky.cells.CELL_COLUMNS`.
    gaia_path, distances_path : str, Path or None
        Files or HATS folders; None: none. Distances may be columns of Gaia's instead.
    settings : dict
        Section ``crossmatch`` of the config.

    Returns
    -------
    pandas.DataFrame
        n rows: spectrum_key, source_id (null: no match), sep_arcsec, match_epoch (where the source was nearest:
        catalogue, observation or input), n_within, next_sep_arcsec and next_g_mag (of the second nearest source within
        the radius; null: none), id_agrees (with the catalogue's own gaia_source_id; null where either is missing), the
        Gaia columns and r_med_geo, r_lo_geo, r_hi_geo (pc).
    """
    ra, dec = coordinates(spectra)
    years = epochs_tried(settings, spectra, settings["epochs"]["gaia"])
    gaia = empty_table(GAIA_WITH_DISTANCES)
    if gaia_path is not None:
        coverage = Coverage([(ra, dec)], settings["radius_arcsec"], longest_time(years))
        gaia = _read_gaia(gaia_path, coverage, settings)
    match = match_moving(ra, dec, years, gaia, settings["radius_arcsec"])
    found = rows_at(gaia, match["index"], (*_GAIA_OUT, *_DISTANCE_OUT, "source_id"))
    if gaia_path is not None and distances_path is not None:
        found = _with_distances(found, distances_path)
    source = found.pop("source_id")
    own = spectra["gaia_source_id"].reset_index(drop=True).astype("Int64")
    own = own.where(own > 0)
    table = pd.DataFrame(
        {
            "spectrum_key": spectra["spectrum_key"].to_numpy(),
            "source_id": source,
            **{name: match[name] for name in KEPT_OF_MATCH},
            "next_sep_arcsec": match["next_sep_arcsec"],
            "next_g_mag": rows_at(gaia, match["next"], ["phot_g_mean_mag"])["phot_g_mean_mag"],
            "id_agrees": (own == source).astype("boolean"),
        }
    )
    return pd.concat([table, found], axis=1)


def with_stars(found: pd.DataFrame, m_catalog: pd.DataFrame, radius_arcsec: float) -> pd.DataFrame:
    """The matches of all spectra, with what is known only when they are together.

    Parameters
    ----------
    found : pandas.DataFrame
        Of `gaia_of_cell`, the rows of all cells in any order.
    m_catalog : pandas.DataFrame
        n spectra: spectrum_key, ra, dec (degrees).
    radius_arcsec : float

    Returns
    -------
    pandas.DataFrame
        n rows in the order of the catalogue: the columns of ``found`` with star_id (`star_ids`), n_spectra (that share
        the source) and many_to_one.
    """
    table = in_order(found, m_catalog)
    ra, dec = coordinates(m_catalog)
    source = table["source_id"]
    count = source.map(source.value_counts()).fillna(0).astype("int64")
    table.insert(1, "star_id", star_ids(m_catalog["spectrum_key"].to_numpy(), source, ra, dec, radius_arcsec))
    place = table.columns.get_loc("id_agrees")
    table.insert(place, "n_spectra", count)
    table.insert(place + 1, "many_to_one", count > 1)
    log_matches("Gaia DR3", table)
    return table


def clean_gaia(gaia: pd.DataFrame) -> pd.DataFrame:
    """Gaia's sources once each, with the colour and the parallax's signal that follow from other columns."""
    colour = gaia["phot_bp_mean_mag"] - gaia["phot_rp_mean_mag"]
    gaia["bp_rp"] = gaia["bp_rp"].where(gaia["bp_rp"].notna(), colour)
    ratio = gaia["parallax"] / gaia["parallax_error"]
    gaia["parallax_over_error"] = gaia["parallax_over_error"].where(gaia["parallax_over_error"].notna(), ratio)
    return gaia[gaia["source_id"].notna()].drop_duplicates("source_id", ignore_index=True)


def _read_gaia(gaia_path, coverage: Coverage, settings) -> pd.DataFrame:
    part = read_part(gaia_path, GAIA_WITH_DISTANCES, "external.gaia", coverage, clean_gaia)
    if settings["method"] != "plain" and part.absent & {"pmra", "pmdec"}:
        raise InputError(
            f"external.gaia: {gaia_path}: no proper motions (columns pmra, pmdec); "
            "add them or set crossmatch.method: plain"
        )
    return part.table.reset_index(drop=True)


def _with_distances(found: pd.DataFrame, distances_path) -> pd.DataFrame:
    """The matched sources with the distances of the file, in place of Gaia's own columns of them."""
    matched = found[found["source_id"].notna()]
    coverage = Coverage([(matched["ra"], matched["dec"])], DISTANCE_REACH)
    ids = matched["source_id"].to_numpy(np.int64)
    distances = rows_of(distances_path, DISTANCES, "external.distances", ids, coverage)
    distances = distances[distances["source_id"].notna()].drop_duplicates("source_id")
    return found.drop(columns=list(_DISTANCE_OUT)).merge(distances, on="source_id", how="left")


def star_ids(keys: np.ndarray, source: pd.Series, ra: np.ndarray, dec: np.ndarray, radius_arcsec: float) -> np.ndarray:
    """Name of each spectrum's star.

    Parameters
    ----------
    keys : ndarray of str, [n]
        spectrum_key.
    source : pandas.Series, [n]
        Gaia source_id; null: no match.
    ra, dec : ndarray, [n]
        Degrees.
    radius_arcsec : float
        Unmatched spectra this near to each other are of one star.

    Returns
    -------
    ndarray of str (object), [n]
        The source_id, else ``pos-`` and the first spectrum_key of the group on the sky.
    """
    matched = source.notna().to_numpy()
    names = np.empty(len(keys), dtype=object)
    names[matched] = source[matched].astype("int64").astype(str).to_numpy()
    rows = np.flatnonzero(~matched)
    group = sky_groups(ra[rows], dec[rows], radius_arcsec)
    first = pd.Series(np.asarray(keys, dtype=str)[rows]).groupby(group).transform("min")
    names[rows] = ("pos-" + first).to_numpy(dtype=object)
    return names
