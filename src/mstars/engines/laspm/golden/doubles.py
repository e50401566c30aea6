"""Double-lined spectra: a copy of the star's own spectrum, shifted, explains what the match leaves over.

The paper trusts to the clusters to find them. Two stars of like type differ too little for that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mstars.engines.laspm.golden.spectra import GRID, SampleSpectra, polynomials
from mstars.engines.laspm.info import INFO
from mstars.engines.laspm.library import Library, coordinate, library_noise
from mstars.engines.laspm.match import MatchOptions, match, weights_of
from mstars.spectra.normalisation import mean_normalised

SHIFTS = (*range(-8, -2), *range(3, 9))
"""Pixels of 69 km/s by which the second star is tried: 200 to 550 km/s. Less is not resolved."""

MATCH_PIXELS = slice(int(INFO.grid.first - GRID.first), int(INFO.grid.last - GRID.first) + 1)
"""The range of the match within `mstars.engines.laspm.golden.spectra.GRID`."""

LEAST_SPECTRA = 20

_CHUNK = 128


@dataclass
class SecondStar:
    """The best second star of n spectra.

    Attributes
    ----------
    sigma : ndarray, [n]
        How significant it is, in units of what the match leaves over.
    share : ndarray, [n]
        Of the light.
    shift : ndarray of int, [n]
        Pixels.
    """

    sigma: np.ndarray
    share: np.ndarray
    shift: np.ndarray


def match_range(spectra: SampleSpectra) -> tuple[np.ndarray, np.ndarray]:
    """Flux and ivar on the pixels of the match, with a mean of 1."""
    return mean_normalised(spectra.flux[:, MATCH_PIXELS], spectra.ivar[:, MATCH_PIXELS])


def second_star(spectra: SampleSpectra, star: np.ndarray, labels: np.ndarray) -> SecondStar:
    """Match each spectrum with those of other stars, and look for a shifted copy in what is left.

    Parameters
    ----------
    spectra : SampleSpectra
        n spectra of a class.
    star : ndarray of str, [n]
    labels : ndarray, [n, 3]

    Returns
    -------
    SecondStar
        Zeros with fewer than `LEAST_SPECTRA` spectra.
    """
    n = len(spectra)
    result = SecondStar(np.zeros(n), np.zeros(n), np.zeros(n, int))
    if n < LEAST_SPECTRA:
        return result
    flux, ivar = match_range(spectra)
    library = Library(flux, labels, star, star, *library_noise(ivar))
    options = MatchOptions()
    found = match(library, flux, ivar, options, without=star)
    for start in range(0, n, _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, n))
        rows = rows[np.isfinite(found.chi2[rows])]
        model = np.einsum("nb,nbp->np", found.weight[rows].astype(np.float32), library.flux[found.best[rows]])
        weight = weights_of(ivar[rows], library, options)
        model = model * polynomials(model, weight, flux[rows], options.polynomial)
        values = _shifted(model, flux[rows] - model, weight, options.polynomial)
        result.sigma[rows], result.share[rows], result.shift[rows] = values
    return result


def _shifted(model: np.ndarray, rest: np.ndarray, weight: np.ndarray, order: int):
    """Significance, share and shift of the best copy; a polynomial times the model is taken out of it first."""
    n, n_pixel = model.shape
    shape = model[:, None] * coordinate(n_pixel) ** np.arange(order + 1)[:, None]
    weighted = shape * weight[:, None]
    inverse = np.linalg.pinv(weighted @ shape.transpose(0, 2, 1), hermitian=True)
    left = np.maximum((weight * rest**2).sum(axis=1) / np.maximum((weight > 0).sum(axis=1), 1), 1)
    best = np.zeros(n), np.zeros(n), np.zeros(n, int)
    for shift in SHIFTS:
        change = np.roll(model, shift, axis=1) - model
        change[:, :8], change[:, -8:] = 0, 0
        part = np.einsum("nkj,nj->nk", inverse, (weighted @ change[:, :, None])[:, :, 0])
        change = change - (part[:, None] @ shape)[:, 0]
        power = np.maximum((weight * change**2).sum(axis=1), 1e-30)
        product = (weight * change * rest).sum(axis=1)
        sigma = product / np.sqrt(power * left)
        better = sigma > best[0]
        for name, values in zip(best, (sigma, product / power, np.full(n, shift)), strict=True):
            name[better] = values[better]
    return best
