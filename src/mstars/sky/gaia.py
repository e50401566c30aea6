"""Gaia DR3 sources with Bailer-Jones distances, one row a candidate spectrum."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.files.external_tables import Column, empty_table, read_external
from mstars.sky.crossmatch import match_moving, sky_groups
from mstars.sky.places import KEPT_OF_MATCH, coordinates, epochs_tried, log_matches, rows_at

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

_DISTANCES_IN_GAIA = tuple(Column(*spelling, required=False, unit="pc") for spelling in _DISTANCE_COLUMNS)

_GAIA_OUT = tuple(column.name for column in GAIA if column.name != "source_id")

_DISTANCE_OUT = tuple(name for name, _ in _DISTANCE_COLUMNS)


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
    gaia = (
        empty_table(GAIA + _DISTANCES_IN_GAIA) if gaia_path is None else _read_gaia(gaia_path, distances_path, settings)
    )
    ra, dec = coordinates(m_catalog)
    years = epochs_tried(settings, m_catalog, settings["epochs"]["gaia"])
    match = match_moving(ra, dec, years, gaia, settings["radius_arcsec"])
    found = rows_at(gaia, match["index"], (*_GAIA_OUT, *_DISTANCE_OUT, "source_id"))
    source = found.pop("source_id")
    count = source.map(source.value_counts()).fillna(0).astype("int64")
    own = m_catalog["gaia_source_id"].reset_index(drop=True).astype("Int64")
    own = own.where(own > 0)
    table = pd.DataFrame(
        {
            "spectrum_key": m_catalog["spectrum_key"].to_numpy(),
            "star_id": star_ids(m_catalog["spectrum_key"].to_numpy(), source, ra, dec, settings["radius_arcsec"]),
            "source_id": source,
            **{name: match[name] for name in KEPT_OF_MATCH},
            "next_sep_arcsec": match["next_sep_arcsec"],
            "next_g_mag": rows_at(gaia, match["next"], ["phot_g_mean_mag"])["phot_g_mean_mag"],
            "n_spectra": count,
            "many_to_one": count > 1,
            "id_agrees": (own == source).astype("boolean"),
        }
    )
    log_matches("Gaia DR3", table)
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
