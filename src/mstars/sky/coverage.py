"""Which sources of a catalogue can matter for some places, told from HEALPix pixels before any distance is computed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mstars.sky.cells import pixels
from mstars.sky.crossmatch import usable

INDEX_ORDER = 29
"""Order of the HEALPix index that HATS catalogues have as a column."""

FASTEST = 11_000.0
"""mas/yr: faster than Barnard's star (10,393 in Gaia DR3). Sources are sought as far away as such a star moves."""

_SLOW = 10.0
_SAFE = 3.0
"""A pixel's side in units of its margin: pixels are not square, and a neighbour is at least a third of a side wide."""


class Coverage:
    """The pixels around some places.

    Sources that move little in the years that count are compared with small pixels, the others with large ones.

    Parameters
    ----------
    places : iterable of (ndarray, ndarray)
        Right ascension and declination, degrees; what is no place is left out.
    radius_arcsec : float
    years : float, optional
        The longest time that sources are moved for, Julian years.
    """

    def __init__(self, places: Iterable[tuple[np.ndarray, np.ndarray]], radius_arcsec: float, years: float = 0.0):
        places = [(np.asarray(ra, float), np.asarray(dec, float)) for ra, dec in places]
        ra, dec = (np.concatenate([place[axis] for place in places] or [np.empty(0)]) for axis in (0, 1))
        good = usable(ra, dec)
        self.ra, self.dec, self.radius, self.years = ra[good] % 360, dec[good], radius_arcsec, years
        self.margin = radius_arcsec + 1e-3 * FASTEST * years
        self.slow = radius_arcsec + (_SLOW if years else 0.0)
        self.order, self._wide = self._around(self.margin)
        self._fine_order, self._fine = self._around(self.slow)

    def _around(self, margin: float) -> tuple[int, np.ndarray]:
        """Order whose pixels are larger than the margin, and those with a place in them or beside them, sorted."""
        from astropy_healpix import HEALPix, nside_to_pixel_resolution

        side = [nside_to_pixel_resolution(2**order).to_value("arcsec") for order in range(INDEX_ORDER)]
        order = max((order for order, size in enumerate(side) if size >= _SAFE * margin), default=0)
        own = np.unique(pixels(self.ra, self.dec, order))
        with np.errstate(invalid="ignore"):  # some pixels have seven neighbours
            beside = HEALPix(nside=2**order, order="nested").neighbours(own) if len(own) else own
        every = np.unique(np.concatenate([own, np.ravel(beside)]))
        return order, every[every >= 0]

    def keeps(self, ra: np.ndarray, dec: np.ndarray, motion: np.ndarray | None = None) -> np.ndarray:
        """Whether a source may be within the radius of a place; never False for one that is.

        Parameters
        ----------
        ra, dec : ndarray, [n]
            Degrees.
        motion : ndarray, [n], optional
            Proper motion, mas/yr.
        """
        if not len(self.ra):
            return np.zeros(len(ra), bool)
        kept = _among(self._fine, pixels(ra, dec, self._fine_order))
        if motion is None or not self.years:
            return kept
        reach = self.radius + 1.001e-3 * self.years * np.nan_to_num(motion)
        fast = np.flatnonzero(~kept & (reach > self.slow))
        kept[fast] = _among(self._wide, pixels(ra[fast], dec[fast], self.order)) | (reach[fast] > self.margin)
        return kept

    def touches_pixel(self, order: int, pixel: int) -> bool:
        """Whether sources in a HEALPix pixel may matter."""
        shift = 2 * (INDEX_ORDER - order)
        return self.touches_index(pixel << shift, ((pixel + 1) << shift) - 1)

    def touches_index(self, low: int, high: int) -> bool:
        """Whether sources whose index of order 29 is from ``low`` to ``high`` may matter."""
        shift = 2 * (INDEX_ORDER - self.order)
        return has_between(self._wide, low >> shift, high >> shift)

    def touches_box(self, ra: tuple[float, float], dec: tuple[float, float]) -> bool:
        """Whether sources of these right ascensions and declinations (from, to, degrees) may matter."""
        margin = self.margin / 3600
        near = (self.dec >= dec[0] - margin) & (self.dec <= dec[1] + margin)
        if not near.any():
            return False
        highest = min(np.abs(self.dec[near]).max() + margin, 90.0)
        wide = margin / max(np.cos(np.radians(highest)), 1e-9)
        there = self.ra[near]
        return any(((there + turn >= ra[0] - wide) & (there + turn <= ra[1] + wide)).any() for turn in (-360, 0, 360))


def has_between(values: np.ndarray, low, high) -> bool:
    """Whether a sorted array has a value from low to high."""
    first = np.searchsorted(values, low)
    return bool(first < len(values) and values[first] <= high)


def _among(known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Whether each value is in a sorted array."""
    if not len(known):
        return np.zeros(len(values), bool)
    return known[np.minimum(np.searchsorted(known, values), len(known) - 1)] == values
