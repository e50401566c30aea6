"""Matches on the sky: proper motion, nearest neighbour within a radius, and groups."""

from __future__ import annotations

import numpy as np
import pandas as pd

ARCSEC = np.pi / 180 / 3600
MATCH_COLUMNS = ("index", "sep_arcsec", "match_epoch", "n_within", "next", "next_sep_arcsec")


def usable(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Coordinates that are a place on the sky: 0 <= ra <= 360, -90 <= dec <= 90.

    Parameters
    ----------
    ra, dec : ndarray, [n]
        Degrees.

    Returns
    -------
    ndarray of bool, [n]
        False for NaN.
    """
    with np.errstate(invalid="ignore"):
        return (ra >= 0) & (ra <= 360) & (dec >= -90) & (dec <= 90)


def unit_vectors(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Directions of places on the sky.

    Parameters
    ----------
    ra, dec : ndarray, [n]
        Degrees.

    Returns
    -------
    ndarray, [n, 3]
        Of length 1.
    """
    ra, dec = np.radians(ra), np.radians(dec)
    return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


def propagate(ra, dec, pmra, pmdec, years) -> tuple[np.ndarray, np.ndarray]:
    """Positions after so many years of straight motion (no parallax, no perspective).

    Parameters
    ----------
    ra, dec : ndarray, [n]
        Degrees.
    pmra, pmdec : ndarray, [n]
        mas/yr, pmra with cos(dec) in it; a missing value is no motion.
    years : ndarray or float
        Julian years from the catalogue's epoch; may be negative.

    Returns
    -------
    ra, dec : ndarray, [n]
        Degrees.
    """
    moved = _moved(np.asarray(ra, float), np.asarray(dec, float), np.nan_to_num(pmra), np.nan_to_num(pmdec), years)
    return np.degrees(np.arctan2(moved[:, 1], moved[:, 0])) % 360, np.degrees(np.arcsin(np.clip(moved[:, 2], -1, 1)))


def _moved(ra, dec, pmra, pmdec, years) -> np.ndarray:
    """Unit vectors after the motion."""
    a, d = np.radians(ra), np.radians(dec)
    east = np.column_stack([-np.sin(a), np.cos(a), np.zeros_like(a)])
    north = np.column_stack([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)])
    step = 1e-3 * ARCSEC * np.broadcast_to(years, a.shape)[:, None]
    vector = unit_vectors(ra, dec) + step * (pmra[:, None] * east + pmdec[:, None] * north)
    return vector / np.linalg.norm(vector, axis=1, keepdims=True)


def _separation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Angle between unit vectors, arcsec; exact for small angles."""
    return 2 * np.arcsin(np.clip(np.linalg.norm(first - second, axis=1) / 2, 0, 1)) / ARCSEC


def _chord(arcsec):
    return 2 * np.sin(np.asarray(arcsec) * ARCSEC / 2)


def _tree(points: np.ndarray):
    """Tree of unit vectors; scipy is imported here, since most jobs that read this room match nothing."""
    from scipy.spatial import cKDTree

    return cKDTree(points)


def _pairs(tree, points: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(row of the tree, point) of all pairs within each point's radius."""
    found = tree.query_ball_point(points, radii, return_sorted=True)
    size = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
    if size.sum() == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate([np.asarray(part, np.int64) for part in found if part]), np.repeat(
        np.arange(len(found)), size
    )


def match_moving(
    ra: np.ndarray,
    dec: np.ndarray,
    years: dict[str, np.ndarray],
    catalogue: pd.DataFrame,
    radius_arcsec: float,
) -> pd.DataFrame:
    """Nearest catalogue source of each spectrum, each source moved to each of the named epochs.

    Input coordinates of a survey are of mixed epoch, so that the epoch with the smaller separation is kept.

    Parameters
    ----------
    ra, dec : ndarray, [n]
        Places of the spectra, degrees; unusable ones (see `usable`) match nothing.
    years : dict of str to ndarray, [n]
        Name of an epoch and its difference from the catalogue's, for each spectrum, Julian years; NaN counts as 0.
    catalogue : pandas.DataFrame
        m rows: ra, dec (degrees), pmra, pmdec (mas/yr).
    radius_arcsec : float

    Returns
    -------
    pandas.DataFrame
        n rows of `MATCH_COLUMNS`: row of the catalogue (-1: none), separation, name of the epoch (''), number of
        sources within the radius at any epoch, row of the second nearest of them (-1: none) and its separation.
    """
    ra, dec = np.asarray(ra, float), np.asarray(dec, float)
    rows, sources = np.flatnonzero(usable(ra, dec)), np.flatnonzero(_usable_table(catalogue))
    if not len(rows) or not len(sources):
        return _best(len(ra), *_EMPTY)
    place = unit_vectors(ra[rows], dec[rows])
    table = {name: catalogue[name].to_numpy(float, na_value=np.nan)[sources] for name in ("ra", "dec")}
    motion = {name: np.nan_to_num(catalogue[name].to_numpy(float, na_value=np.nan)[sources]) for name in _MOTION}
    years = {name: np.nan_to_num(np.broadcast_to(value, ra.shape).astype(float)[rows]) for name, value in years.items()}
    longest = max((np.abs(value).max() for value in years.values()), default=0.0)
    reach = radius_arcsec + 1.001e-3 * longest * np.hypot(motion["pmra"], motion["pmdec"])
    spectrum, source = _pairs(_tree(place), unit_vectors(table["ra"], table["dec"]), _chord(reach * 1.0001))
    names = list(years)
    separation = np.empty((len(names), len(source)))
    for number, name in enumerate(names):
        moved = _moved(*(part[source] for part in (*table.values(), *motion.values())), years[name][spectrum])
        separation[number] = _separation(place[spectrum], moved)
    first = separation.argmin(axis=0)
    least = separation.min(axis=0)
    kept = least <= radius_arcsec
    epoch = np.array(names, dtype=object)[first]
    return _best(len(ra), rows[spectrum][kept], sources[source][kept], least[kept], epoch[kept])


_MOTION = ("pmra", "pmdec")
_EMPTY = (np.empty(0, int), np.empty(0, int), np.empty(0), np.empty(0, object))


def match_fixed(places: dict[str, tuple[np.ndarray, np.ndarray]], catalogue: pd.DataFrame, radius_arcsec: float):
    """Nearest catalogue source of each spectrum, where a spectrum's star may be at several places.

    Parameters
    ----------
    places : dict of str to (ra, dec)
        Name and coordinates [n], degrees, of each guess of where the star was at the catalogue's epoch; NaN: no guess.
    catalogue : pandas.DataFrame
        ra, dec in degrees.
    radius_arcsec : float

    Returns
    -------
    pandas.DataFrame
        As of `match_moving`, with the name of the place in ``match_epoch``.
    """
    sources = np.flatnonzero(_usable_table(catalogue))
    n = max((len(ra) for ra, _ in places.values()), default=0)
    found = [_EMPTY]
    if len(sources):
        position = catalogue[["ra", "dec"]].to_numpy(float, na_value=np.nan)[sources]
        direction = unit_vectors(position[:, 0], position[:, 1])
        tree = _tree(direction)
        for name, (ra, dec) in places.items():
            rows = np.flatnonzero(usable(np.asarray(ra, float), np.asarray(dec, float)))
            place = unit_vectors(np.asarray(ra, float)[rows], np.asarray(dec, float)[rows])
            source, point = _pairs(tree, place, np.full(len(rows), float(_chord(radius_arcsec))))
            label = np.full(len(point), name, dtype=object)
            found.append((rows[point], sources[source], _separation(place[point], direction[source]), label))
    return _best(n, *(np.concatenate(part) for part in zip(*found, strict=True)))


def _usable_table(catalogue: pd.DataFrame) -> np.ndarray:
    return usable(*(catalogue[name].to_numpy(float, na_value=np.nan) for name in ("ra", "dec")))


def _best(n: int, spectrum, source, separation, epoch) -> pd.DataFrame:
    """The nearest of each spectrum's pairs; equal separations go to the lower row of the catalogue."""
    result = pd.DataFrame({"index": np.full(n, -1), "sep_arcsec": np.nan, "match_epoch": "", "n_within": 0})
    result["next"], result["next_sep_arcsec"] = -1, np.nan
    result["match_epoch"] = result["match_epoch"].astype(object)
    pairs = pd.DataFrame({"spectrum": spectrum, "source": source, "separation": separation, "epoch": epoch})
    pairs = pairs.sort_values(["spectrum", "separation", "source"], kind="stable")
    nearest = pairs.drop_duplicates("spectrum")
    rows = nearest["spectrum"].to_numpy()
    result.loc[rows, "index"] = nearest["source"].to_numpy()
    result.loc[rows, "sep_arcsec"] = nearest["separation"].to_numpy()
    result.loc[rows, "match_epoch"] = nearest["epoch"].to_numpy()
    result.loc[rows, "n_within"] = pairs.groupby("spectrum")["source"].nunique().to_numpy()
    others = pairs.drop_duplicates(["spectrum", "source"])
    second = others[others.groupby("spectrum").cumcount() == 1]
    result.loc[second["spectrum"], "next"] = second["source"].to_numpy()
    result.loc[second["spectrum"], "next_sep_arcsec"] = second["separation"].to_numpy()
    return result


def sky_groups(ra: np.ndarray, dec: np.ndarray, radius_arcsec: float) -> np.ndarray:
    """Number of the group each place belongs to: places within the radius of each other, directly or by a chain.

    Parameters
    ----------
    ra, dec : ndarray, [n]
        Degrees; an unusable place is a group of its own.
    radius_arcsec : float

    Returns
    -------
    ndarray of int, [n]
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ra, dec = np.asarray(ra, float), np.asarray(dec, float)
    rows = np.flatnonzero(usable(ra, dec))
    edges = np.empty((0, 2), int)
    if len(rows):
        tree = _tree(unit_vectors(ra[rows], dec[rows]))
        edges = rows[tree.query_pairs(float(_chord(radius_arcsec)), output_type="ndarray")]
    graph = coo_matrix((np.ones(len(edges), bool), (edges[:, 0], edges[:, 1])), shape=(len(ra), len(ra)))
    return connected_components(graph, directed=False)[1]
