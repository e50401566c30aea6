"""Stars with labels from isochrones, colours, distances, dust and motions."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.core.resources import resource, resource_table

R_G, R_BP, R_RP = 2.369, 3.008, 1.985
"""Extinction per E(B-V) in Gaia's bands at 3800 K (Casagrande & VandenBerg 2018)."""
R_W1, R_W2 = 0.194, 0.138

TEFF_RANGE = {"dM": (2800.0, 4250.0), "gM": (3060.0, 4100.0)}


@functools.cache
def _points() -> pd.DataFrame:
    return resource_table(resource("isochrone_points.csv"))


@functools.cache
def _colours() -> pd.DataFrame:
    return resource_table(resource("stellar_colours.csv"))


@functools.cache
def _surface(kind: str, value: str, by: tuple[str, str]):
    # 0.5 s that every start of Snakemake would pay, which asks this package for the plates alone
    from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

    part = _points()[_points()["kind"] == kind]
    scale = np.array([0.3, 1.0 if by[1] == "logg" else 1000.0])
    places = part[list(by)].to_numpy() / scale
    linear = LinearNDInterpolator(places, part[value].to_numpy())
    nearest = NearestNDInterpolator(places, part[value].to_numpy())
    return linear, nearest, scale


def isochrone(kind: str, value: str, m_h: np.ndarray, other: np.ndarray, by: str) -> np.ndarray:
    """A quantity of dwarfs or giants on isochrones, linear between their points.

    Parameters
    ----------
    kind : {"dwarf", "giant"}
    value : {"teff", "logg", "m_g"}
    m_h : ndarray, [n]
    other : ndarray, [n]
        The second coordinate.
    by : str
        Its name.

    Returns
    -------
    ndarray, [n]
        Beyond the isochrones: the nearest point's.
    """
    linear, nearest, scale = _surface(kind, value, ("m_h", by))
    places = np.column_stack([m_h, other]) / scale
    found = linear(places)
    return np.where(np.isfinite(found), found, nearest(places))


def colour(kind: str, name: str, teff: np.ndarray) -> np.ndarray:
    """A colour or an absolute magnitude against Teff (``resources/stellar_colours.csv``).

    Parameters
    ----------
    kind : {"dwarf", "giant"}
    name : {"bp_rp", "w1_w2", "g_w1", "m_g"}
    teff : ndarray, [n]
        K.

    Returns
    -------
    ndarray, [n]
        mag.
    """
    part = _colours()[_colours()["kind"] == kind]
    return np.interp(teff, part["teff"], part[name])


def metallicities(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Compositions of a thin disc (88 %), thick disc (11 %) and halo (1 %), each with its alpha sequence.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int

    Returns
    -------
    m_h, alpha_m : ndarray, [n]
        dex.
    """
    part = rng.choice(3, n, p=[0.88, 0.11, 0.01])
    m_h = np.choose(part, [rng.normal(-0.08, 0.19, n), rng.normal(-0.5, 0.2, n), rng.normal(-1.2, 0.3, n)])
    m_h = np.clip(m_h, -1.8, 0.45)
    alpha = np.choose(part, [0.03 - 0.15 * m_h, 0.20 - 0.06 * m_h, 0.27 + 0.0 * m_h]) + rng.normal(0, 0.025, n)
    return m_h, np.clip(alpha, -0.1, 0.4)


def source_ids(stars: pd.Series) -> np.ndarray:
    """Gaia's source_id of the stars of a plan, by their numbers."""
    return (stars.to_numpy() * 128 + 3 * 10**17 + 64).astype("int64")


def draw_dwarfs(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """M dwarfs: Teff as the survey sees them (early types dominate), log g and M_G from isochrones.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int

    Returns
    -------
    pandas.DataFrame
        n rows: teff (K), logg, m_h, alpha_m, m_g, bp_rp (mag).
    """
    low, high = TEFF_RANGE["dM"]
    teff = np.empty(0)
    while teff.size < n:
        draw = np.where(rng.random(2 * n) < 0.8, rng.normal(3620, 200, 2 * n), rng.uniform(low, high, 2 * n))
        teff = np.append(teff, draw[(draw > low) & (draw < min(high, 4020))])
    m_h, alpha = metallicities(rng, n)
    return dwarfs_on_sequence(rng, teff[:n], m_h, alpha)


def dwarfs_on_sequence(rng: np.random.Generator, teff: np.ndarray, m_h: np.ndarray, alpha: np.ndarray) -> pd.DataFrame:
    """M dwarfs of given Teff and composition: log g and magnitudes of the main sequence.

    Parameters
    ----------
    rng : numpy.random.Generator
        Scatter, and who has an unseen companion.
    teff, m_h, alpha : ndarray, [n]
        K and dex.

    Returns
    -------
    pandas.DataFrame
        As of `draw_dwarfs`.
    """
    n = len(teff)
    logg = isochrone("dwarf", "logg", m_h, teff, "teff") + rng.normal(0, 0.03, n)
    m_g = colour("dwarf", "m_g", teff) - 1.4 * np.clip(m_h + 0.05, -0.55, 0.4) + rng.normal(0, 0.15, n)
    m_g -= np.where(rng.random(n) < 0.1, 0.6, 0.0)
    bp_rp = colour("dwarf", "bp_rp", teff) + 0.12 * np.clip(m_h, -1, 0.5) + rng.normal(0, 0.03, n)
    return pd.DataFrame({"teff": teff, "logg": logg, "m_h": m_h, "alpha_m": alpha, "m_g": m_g, "bp_rp": bp_rp})


def draw_giants(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """M giants along the red-giant branch: cooler, brighter, of lower gravity.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int

    Returns
    -------
    pandas.DataFrame
        As of `draw_dwarfs`.
    """
    low, high = TEFF_RANGE["gM"]
    parts, count = [], 0
    while count < n:
        m_h, alpha = metallicities(rng, 4 * n)
        logg = np.clip(rng.normal(0.85, 0.4, 4 * n), 0.02, 1.7)
        teff = isochrone("giant", "teff", m_h, logg, "logg") + rng.normal(0, 40, 4 * n)
        keep = (teff > low) & (teff < min(high, 3980)) & (m_h > -1.6)
        parts.append(pd.DataFrame({"teff": teff, "logg": logg, "m_h": m_h, "alpha_m": alpha})[keep])
        count += int(keep.sum())
    stars = pd.concat(parts, ignore_index=True).iloc[:n].copy()
    stars["m_g"] = isochrone("giant", "m_g", stars["m_h"], stars["logg"], "logg") + rng.normal(0, 0.2, n)
    stars["bp_rp"] = colour("giant", "bp_rp", stars["teff"]) + rng.normal(0, 0.05, n)
    return stars


@dataclass(frozen=True)
class _Range:
    """Where the stars of a class are: Teff of dwarfs (and of giants, where that differs), K.

    ``denser`` of the dwarfs are within ``width`` of the cool end.
    """

    low: float
    high: float
    dwarfs: float = 1.0
    denser: float = 0.0
    width: float = 0.0
    giants: tuple[float, float] | None = None


_OTHERS = {
    "B": _Range(9900.0, 20000.0),
    "OB": _Range(11500.0, 30000.0),
    "A": _Range(7420.0, 9700.0, denser=0.5, width=1050.0),
    "F": _Range(6100.0, 7060.0, dwarfs=0.97, denser=0.35, width=420.0),
    "G": _Range(4925.0, 5945.0, dwarfs=0.55, denser=0.15, width=350.0, giants=(4360.0, 4900.0)),
    "K": _Range(4150.0, 4665.0, dwarfs=0.8, giants=(4120.0, 4200.0)),
    "late_K": _Range(4080.0, 4300.0, dwarfs=0.75),
}
"""LAMOST's classes change at these temperatures on the templates' scale, and its giants of 4300 to 4800 K are of type G
(docs/methods/simulation.md). Training labels are those on which two catalogues agree (section 3.4.1): about a subclass
on either side of a boundary is missing."""


def draw_others(rng: np.random.Generator, name: str, n: int) -> pd.DataFrame:
    """Stars of the other classes, white dwarfs, and (without distances) galaxies and quasars.

    Parameters
    ----------
    rng : numpy.random.Generator
    name : str
        Kind of the plan.
    n : int

    Returns
    -------
    pandas.DataFrame
        As of `draw_dwarfs`.
    """
    m_h, alpha = metallicities(rng, n)
    frame = pd.DataFrame({"teff": np.full(n, np.nan), "logg": np.nan, "m_h": m_h, "alpha_m": alpha})
    if name in _OTHERS:
        span = _OTHERS[name]
        cool = rng.random(n) < span.denser
        teff = np.where(cool, rng.uniform(span.low, span.low + span.width, n), rng.uniform(span.low, span.high, n))
        dwarf = rng.random(n) < span.dwarfs
        if span.giants:
            teff = np.where(dwarf, teff, rng.uniform(*span.giants, n))
        logg = np.where(
            dwarf, np.interp(teff, [4000, 6000, 9000, 30000], [4.65, 4.4, 4.1, 4.0]), 2.0 + (teff - 4200) / 700
        )
        m_g = np.where(dwarf, colour("dwarf", "m_g", teff), colour("giant", "m_g", teff)) + rng.normal(0, 0.3, n)
        bp_rp = np.where(dwarf, colour("dwarf", "bp_rp", teff), colour("giant", "bp_rp", teff)) + rng.normal(0, 0.03, n)
        frame = frame.assign(teff=teff, logg=logg, m_g=m_g, bp_rp=bp_rp)
    elif name == "WD":
        teff = np.exp(rng.uniform(np.log(7000), np.log(35000), n))
        bp_rp = np.interp(teff, [7000, 10000, 15000, 35000], [0.7, 0.15, -0.15, -0.5]) + rng.normal(0, 0.05, n)
        frame = frame.assign(teff=teff, logg=rng.normal(8.0, 0.2, n), m_g=11.9 + 1.6 * bp_rp, bp_rp=bp_rp)
    elif name == "S":
        frame = draw_giants(rng, n)
        frame["bp_rp"] += 0.2
    elif name == "spectral_binary":
        frame = draw_dwarfs(rng, n)
        frame["m_g"] -= rng.uniform(0.2, 1.0, n)
        frame["bp_rp"] = rng.uniform(0.7, 1.5, n)
    elif name == "em_star":
        frame = frame.assign(teff=rng.uniform(5000, 15000, n), m_g=rng.uniform(2, 6, n), bp_rp=rng.uniform(0.2, 1.8, n))
    elif name == "unknown":
        frame = frame.assign(m_g=rng.uniform(2, 10, n), bp_rp=rng.uniform(0.5, 2.5, n))
    else:  # galaxies and quasars: no distance, colours of their own
        frame = frame.assign(m_g=np.nan, bp_rp=rng.uniform(0.4, 1.5, n))
    return frame


def dust_share(distance_pc):
    """Share of the dust of a line of sight that lies in front of a distance.

    Parameters
    ----------
    distance_pc : float or ndarray
        pc.

    Returns
    -------
    float or ndarray
        0 to 1.
    """
    return 1 - np.exp(-distance_pc / 600.0)


def add_sky(stars: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Apparent magnitudes, distances, reddening, motions and velocities.

    Parameters
    ----------
    stars : pandas.DataFrame
        Stars of one field: kind, m_g, bp_rp, ebv_scale.
    rng : numpy.random.Generator

    Returns
    -------
    pandas.DataFrame
        Those with distance (pc), ebv, g_mag (mag), pmra, pmdec (mas/yr), rv (km/s).
    """
    n = len(stars)
    giant = stars["kind"].isin(["gM", "S"]).to_numpy()
    g_mag = np.where(giant, rng.triangular(9.5, 13.5, 17.0, n), rng.triangular(10.5, 16.2, 17.8, n))
    outside = stars["kind"].isin(["GALAXY", "QSO", "galaxy", "qso"]).to_numpy()
    m_g = stars["m_g"].fillna(0.0).to_numpy()
    ebv = np.zeros(n)
    distance = np.full(n, 1000.0)
    for _ in range(4):  # extinction depends on distance and the other way round
        distance = 10 ** (0.2 * (g_mag - R_G * ebv - m_g + 5))
        ebv = stars["ebv_scale"].to_numpy() * dust_share(distance)
    distance = np.where(outside, np.nan, np.clip(distance, 3.0, 60000.0))
    ebv = np.where(outside, stars["ebv_scale"], ebv)
    halo = stars["m_h"].to_numpy() < -0.9
    speed = np.where(halo, 120.0, np.where(stars["m_h"].to_numpy() < -0.4, 50.0, 32.0))
    tangential = rng.normal(0, 1, (2, n)) * speed + np.array([[8.0], [-14.0]])
    pm = np.where(outside, 0.0, tangential / 4.74047 / np.where(outside, 1.0, distance) * 1000)
    far = np.where(outside, 0.0, rng.normal(0, 0.05, n))
    return stars.assign(
        g_mag=g_mag,
        ebv=ebv,
        distance=distance,
        rv=np.where(outside, 0.0, rng.normal(0, 1, n) * speed - 5.0),
        pmra=pm[0] + far,
        pmdec=pm[1] + far,
    )
