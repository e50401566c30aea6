"""Reddening from the Bayestar19 map and extinction coefficients of the Gaia and WISE bands."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path

import numpy as np

from mstars.core.config.sky import Photometry
from mstars.core.errors import InputError

logger = logging.getLogger("mstars")

MSTAR_TEFF = 3800.0
"""Temperature (K) of the coefficients, one for all M stars, so that the diagram does not depend on our parameters."""

_MEAN = {"G": 2.740, "BP": 3.374, "RP": 2.035}
_TERMS = {"G": (1.4013, 3.1406, -1.5626), "BP": (1.7895, 4.2355, -2.7071), "RP": (1.8593, 0.3985, -0.1771)}
_CHUNK = 100_000


def gaia_coefficients(option: str = Photometry.default("gaia_extinction")) -> dict[str, float]:
    """R_G, R_BP and R_RP of Casagrande & VandenBerg (2018), so that A_X = R_X E(B-V).

    Parameters
    ----------
    option : {"teff", "mean"}
        ``teff``: their relation with T4 = 1e-4 Teff at 3800 K (2.369, 3.008, 1.985; an extrapolation, as it was made
        for 5250-7000 K); ``mean``: their mean coefficients (2.740, 3.374, 2.035).

    Returns
    -------
    dict
        Keys G, BP, RP.

    Raises
    ------
    InputError
        When the option is unknown.
    """
    if option == "mean":
        return dict(_MEAN)
    if option != "teff":
        raise InputError(f"photometry.gaia_extinction: {option!r} is not one of 'teff', 'mean'")
    t4 = 1e-4 * MSTAR_TEFF
    return {band: a + t4 * (b + c * t4) for band, (a, b, c) in _TERMS.items()}


def wise_coefficients(ebv: np.ndarray, option: str = "simple") -> dict[str, np.ndarray]:
    """Coefficients of W1 and W2 of Zhang & Yuan (2023), from their package ``extinction-coefficient``.

    The paper does not say which of the two it used.

    Parameters
    ----------
    ebv : ndarray, [n]
        E(B-V) in mag.
    option : {"simple", "function"}
        ``simple``: one value a band (0.194, 0.138); ``function``: their function of Teff and E(B-V), which holds
        from 4000 K up and is taken there for all M stars (0.183, 0.068 at E(B-V) = 0.1).

    Returns
    -------
    dict
        Keys W1, W2; arrays [n].

    Raises
    ------
    InputError
        When the option is unknown.
    """
    from extinction_coefficient import extinction_coefficient

    ebv = np.asarray(ebv, dtype=float)
    if option == "simple":
        values = {band: np.ravel(extinction_coefficient(band, mode="simple"))[0] for band in ("W1", "W2")}
        return {band: np.full(ebv.shape, value) for band, value in values.items()}
    if option != "function":
        raise InputError(f"photometry.wise_extinction: {option!r} is not one of 'simple', 'function'")
    found = {}
    known = np.isfinite(ebv)
    for band in ("W1", "W2"):
        found[band] = np.full(ebv.shape, np.nan)
        if known.any():
            # lists, because the package compares its arguments with [] and changes arrays in place
            teff = [MSTAR_TEFF] * int(known.sum())
            found[band][known] = extinction_coefficient(band, EBV=ebv[known].tolist(), Teff=teff, mode="func")
    return found


def reddening(
    ra: np.ndarray,
    dec: np.ndarray,
    distance: np.ndarray,
    path: str | Path,
    *,
    mode: str = Photometry.default("dust_mode"),
    scale: float = Photometry.default("ebv_scale"),
) -> tuple[np.ndarray, np.ndarray]:
    """E(B-V) of each source from the 3D map Bayestar19 (Green et al. 2019).

    Parameters
    ----------
    ra, dec : ndarray, [n]
        Degrees, ICRS.
    distance : ndarray, [n]
        pc.
    path : str or Path
        HDF5 file of the map, as `dustmaps` downloads it.
    mode : {"median", "mean", "best"}
        Which of the map's values.
    scale : float
        E(B-V) per unit of the map.

    Returns
    -------
    ebv : ndarray of float64, [n]
        mag; NaN off the map (south of declination -30) and where there is no distance.
    reliable : ndarray of bool, [n]
        The fit of the line of sight converged and the distance lies within its reliable range.

    Raises
    ------
    InputError
        When the file is no Bayestar map.
    """
    query = _load_map(path)
    ra, dec, distance = (np.asarray(value, dtype=float) for value in (ra, dec, distance))
    ebv, reliable = np.full(ra.shape, np.nan), np.zeros(ra.shape, bool)
    known = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec) & np.isfinite(distance) & (distance > 0))
    for start in range(0, len(known), _CHUNK):
        rows = known[start : start + _CHUNK]
        value, flags = _query(query, ra[rows], dec[rows], distance[rows], mode)
        ebv[rows] = scale * value
        reliable[rows] = flags["converged"].astype(bool) & flags["reliable_dist"].astype(bool)
    return ebv, reliable & np.isfinite(ebv)


def _query(query, ra, dec, distance, mode):
    from astropy import units
    from astropy.coordinates import SkyCoord

    place = SkyCoord(ra * units.deg, dec * units.deg, distance=distance * units.pc, frame="icrs")
    with np.errstate(invalid="ignore"):
        return query.query(place, mode=mode, return_flags=True)


def _load_map(path: str | Path):
    if not Path(path).is_file():
        raise InputError(f"external.dust_map: {path}: no such file; give a Bayestar19 HDF5 file, or null")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that dustmaps has no configuration of its own
        from dustmaps.bayestar import BayestarQuery

    told = io.StringIO()
    try:
        # the map reports its loading on standard output
        with contextlib.redirect_stdout(told):
            query = BayestarQuery(map_fname=str(path), version="bayestar2019")
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"external.dust_map: {path}: not a Bayestar map ({error})") from None
    logger.info("dust map %s read", path)
    return query


def absolute_magnitude(magnitude: np.ndarray, distance: np.ndarray, extinction: np.ndarray) -> np.ndarray:
    """Absolute magnitude by Equation 1: M = m - 5 lg(d / pc) + 5 - A.

    Parameters
    ----------
    magnitude, distance, extinction : ndarray, [n]
        mag, pc, mag.

    Returns
    -------
    ndarray, [n]
        mag; NaN where the distance is not positive.
    """
    distance = np.asarray(distance, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        modulus = np.where(distance > 0, 5 * np.log10(distance) - 5, np.nan)
    return np.asarray(magnitude, dtype=float) - modulus - extinction
