"""The match of LASPM (Du et al. 2024, section 4; Du et al. 2021): chi2 with each library spectrum, the best, combined.

A multiplicative polynomial takes up what flux calibration and extinction do to the shape of a spectrum. All library
spectra are ranked with pixels taken together by four, as matrix products; the best are ranked again exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mstars.core.config.keys import Section
from mstars.engines.laspm.combine import combine_rows, combined_chi2
from mstars.engines.laspm.kernels import exact_chi2, explained_by_moments, pair_moments
from mstars.engines.laspm.library import Library, coordinate, rebinned

CANDIDATES = 128
"""Library spectra of the first ranking that are ranked exactly."""

LEAST_PIXELS = 100
"""Pixels with data that a match needs."""

_CHUNK = 64


@dataclass(frozen=True)
class MatchOptions:
    """How spectra are matched.

    Attributes
    ----------
    polynomial : int
        Degree of the multiplicative polynomial.
    best : int
        How many of the nearest library spectra are combined.
    weights : {"fit", "chi2"}
        Of the combination: not negative, with sum one, of least chi2; or in proportion to 1 / chi2.
    library_noise : {"typical", "none"}
        Whether the noise of a library spectrum counts in chi2.
    """

    polynomial: int = 2
    best: int = 5
    weights: str = "fit"
    library_noise: str = "typical"

    @classmethod
    def of(cls, settings) -> MatchOptions:
        """From the engine's settings, a mapping or a section."""
        values = settings.model_dump() if isinstance(settings, Section) else settings
        return cls(*(values[name] for name in cls.__dataclass_fields__))


@dataclass
class Matched:
    """What a match of n spectra gives.

    Attributes
    ----------
    best : ndarray of int, [n, best]
        Numbers of the nearest library spectra, nearest first; -1 for none.
    best_chi2 : ndarray of float64, [n, best]
        Their chi2, each with its own polynomial.
    weight : ndarray of float64, [n, best]
        Of the combination; a row of zeros where there is none.
    chi2 : ndarray of float64, [n]
        Of the combination; NaN where there is none.
    pixels : ndarray of int, [n]
        With data.
    """

    best: np.ndarray
    best_chi2: np.ndarray
    weight: np.ndarray
    chi2: np.ndarray
    pixels: np.ndarray

    @classmethod
    def empty(cls, n: int, count: int) -> Matched:
        """Nothing found for n spectra."""
        shape = (n, count)
        return cls(np.full(shape, -1), np.full(shape, np.inf), np.zeros(shape), np.full(n, np.nan), np.zeros(n, int))


def match(
    library: Library,
    flux: np.ndarray,
    ivar: np.ndarray,
    options: MatchOptions = MatchOptions(),
    *,
    without: np.ndarray | None = None,
    exhaustive: bool = False,
) -> Matched:
    """Match spectra with a library.

    Parameters
    ----------
    library : Library
    flux, ivar : ndarray of float32, [n, pixel]
        On the library's pixels, with a mean flux of about 1; ivar is 0 where there is no measurement.
    options : MatchOptions
    without : ndarray of str, [n], optional
        Stars whose library spectra are not for the spectrum; an empty name leaves out none.
    exhaustive : bool
        Rank every library spectrum exactly: slow, for comparison.

    Returns
    -------
    Matched
    """
    n, count = len(flux), options.best
    result = Matched.empty(n, count)
    x = coordinate(flux.shape[1])
    for start in range(0, n, _CHUNK):
        rows = slice(start, start + _CHUNK)
        own = np.ascontiguousarray(flux[rows], dtype=np.float32)
        weight = weights_of(np.asarray(ivar[rows], dtype=np.float32), library, options)
        banned = None if without is None else without[rows, None] == library.star
        candidates = _candidates(library, own, weight, x, options, banned, exhaustive)
        chi2 = np.empty(candidates.shape)
        exact_chi2(own, weight, x, options.polynomial, library.flux, candidates, chi2)
        pixels = (weight > 0).sum(axis=1)
        chi2[pixels < LEAST_PIXELS] = np.inf
        order = np.argsort(chi2, axis=1, kind="stable")[:, :count]
        best, least = np.take_along_axis(candidates, order, 1), np.take_along_axis(chi2, order, 1)
        best[~np.isfinite(least)] = -1
        found = combine(library, own, weight, best, least, options)
        for name, values in (found | {"best": best, "best_chi2": least, "pixels": pixels}).items():
            # fewer columns where the library has fewer spectra than are combined
            getattr(result, name)[(rows, *map(slice, values.shape[1:]))] = values
    return result


def weights_of(ivar: np.ndarray, library: Library, options: MatchOptions) -> np.ndarray:
    """Inverse variance of target minus library spectrum: float32 [n, pixel], 0 where there is no measurement."""
    if options.library_noise == "none":
        return np.ascontiguousarray(np.where(ivar > 0, ivar, 0))
    return np.ascontiguousarray(np.where(ivar > 0, ivar / (1 + ivar * library.noise), 0))


def _candidates(library, flux, weight, x, options, banned, exhaustive) -> np.ndarray:
    """Numbers of the library spectra that are ranked exactly: int [n, c], -1 for those left out."""
    n, size = len(flux), len(library)
    if exhaustive or size <= CANDIDATES:
        numbers = np.tile(np.arange(size), (n, 1))
        return numbers if banned is None else np.where(banned, -1, numbers)
    gain = coarse_gain(library, flux, weight, x, options.polynomial)
    if banned is not None:
        gain[banned] = -np.inf
    numbers = np.argpartition(-gain, CANDIDATES - 1, axis=1)[:, :CANDIDATES]
    numbers.sort(axis=1)  # so that a tie does not depend on the order of the partition
    return numbers if banned is None else np.where(np.take_along_axis(banned, numbers, 1), -1, numbers)


def coarse_gain(library: Library, flux, weight, x, degree: int) -> np.ndarray:
    """How much of the power of a target each library spectrum explains, with pixels taken together.

    Returns
    -------
    ndarray of float32, [n, library]
        Chi2 without any model minus chi2: the larger the nearer.
    """
    n, size = len(flux), len(library)
    centre = rebinned(np.broadcast_to(x, (1, len(x))), mean=True)[0].astype(np.float32)
    by_flux, by_weight = rebinned(weight * flux), rebinned(weight)
    products, moments = np.empty((degree + 1, n, size), np.float32), np.empty((2 * degree + 1, n, size), np.float32)
    for k in range(2 * degree + 1):
        np.matmul(by_weight * centre**k, library.coarse_square, out=moments[k])
        if k <= degree:
            np.matmul(by_flux * centre**k, library.coarse, out=products[k])
    gain = np.empty((n, size), np.float32)
    explained_by_moments(products, moments, gain)
    return gain


def combine(library, flux, weight, best, least, options) -> dict[str, np.ndarray]:
    """The best library spectra of each target combined: weight and chi2 of `Matched`."""
    (n, width), size = best.shape, options.polynomial + 1
    products, moments = np.empty((n, width, size)), np.empty((n, width, width, 2 * options.polynomial + 1))
    power, chi2 = np.empty(n), np.empty(n)
    x = coordinate(flux.shape[1])
    pair_moments(flux, weight, x, options.polynomial, library.flux, best, products, moments, power)
    start = np.where(best >= 0, 1 / np.maximum(np.where(best >= 0, least, 1), 1e-30), 0)
    total = start.sum(axis=1, keepdims=True)
    weights = np.divide(start, total, out=np.zeros_like(start), where=total > 0)
    counts = (best >= 0).sum(axis=1)
    if options.weights == "fit":
        combine_rows(products, moments, power, counts, weights, chi2)
    else:
        combined_chi2(products, moments, power, counts, weights, chi2)
    return {"weight": weights, "chi2": chi2}
