"""Spectra made ready for template matching: bad pixels, scale, weights, and what is broader than lines."""

from __future__ import annotations

import numpy as np

from mstars.core.config.template_matching import MatchOptions
from mstars.spectra.container import SpectrumSet
from mstars.velocity.match.bank import TemplateBank
from mstars.velocity.match.filters import fill_straight, subtract_running_mean

SMOOTH_PIXELS = 61
"""Width of the running mean of ``smooth_removed``: 4200 km/s, 100 A."""

LEAST_PIXELS = 50
"""Spectra with fewer good pixels are not measured."""


def prepare(spectra: SpectrumSet, pixels: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fluxes divided by their mean, bad pixels left out (step 1 of section 3.2).

    Parameters
    ----------
    spectra : SpectrumSet
        n spectra.
    pixels : slice
        The compared ones (`TemplateBank.pixels`).

    Returns
    -------
    flux : ndarray of float32, [n, p]
        0 where bad.
    bad : ndarray of bool, [n, p]
    scale : ndarray of float64, [n]
        What the fluxes were divided by. Any positive scale will do, since P_4 takes it up: it is the mean, unless the
        flux is mostly noise about zero.
    """
    part = (slice(None), pixels)
    bad = spectra.bad_in(pixels)
    flux = np.where(bad, np.float32(0), spectra.flux[part])
    good = np.maximum((~bad).sum(axis=1), 1)
    mean = flux.sum(axis=1, dtype=np.float64) / good
    rms = np.sqrt((flux.astype(np.float64) ** 2).sum(axis=1) / good)
    scale = np.where(mean > 0.05 * rms, mean, np.where(rms > 0, rms, 1.0))
    return (flux / scale[:, None]).astype(np.float32), bad, scale


def prepare_weighted(spectra: SpectrumSet, pixels: slice, options: MatchOptions) -> tuple[np.ndarray, ...]:
    """`prepare`, with the weights of the refinement.

    Parameters
    ----------
    spectra, pixels
        As for `prepare`.
    options : MatchOptions

    Returns
    -------
    flux, bad, scale
        As of `prepare`.
    weight : ndarray of float32, [n, p]
        1 or the inverse variance of the scaled flux; 0 where bad or in ``left_out``.
    """
    flux, bad, scale = prepare(spectra, pixels)
    weight = _weights(spectra, pixels, bad, scale, options)
    for low, high in options.left_out:
        weight[:, (spectra.wavelength[pixels] > low) & (spectra.wavelength[pixels] < high)] = 0
    return flux, bad, scale, weight


def _weights(spectra, pixels, bad, scale, options) -> np.ndarray:
    if options.weights == "none":
        return (~bad).astype(np.float32)
    ivar = scaled_ivar(spectra.ivar[:, pixels], bad, scale)
    return np.where(bad, 0.0, ivar / (1.0 + ivar * options.noise_floor**2)).astype(np.float32)


def scaled_ivar(ivar: np.ndarray, bad: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Inverse variance of the scaled flux.

    Parameters
    ----------
    ivar : ndarray of float32, [n, p]
    bad : ndarray of bool, [n, p]
    scale : ndarray of float64, [n]
        Of `prepare`.

    Returns
    -------
    ndarray of float64, [n, p]
        0 where bad.
    """
    return np.where(bad, 0.0, ivar) * scale[:, None] ** 2


def measurable(flux: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Numbers of the spectra with enough good pixels that differ from a constant by more than rounding.

    Parameters
    ----------
    flux : ndarray of float32, [n, p]
    bad : ndarray of bool, [n, p]

    Returns
    -------
    ndarray of int, [k]
    """
    low = np.where(bad, np.inf, flux).min(axis=1)
    high = np.where(bad, -np.inf, flux).max(axis=1)
    return np.flatnonzero(((~bad).sum(axis=1) >= LEAST_PIXELS) & (high - low > 1e-5))


def without_smooth(
    flux: np.ndarray, bad: np.ndarray, weight: np.ndarray, bank: TemplateBank, options: MatchOptions
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spectra and templates less a share of their running means, for the refinement.

    The polynomial hardly changes over the running mean's width, so template times polynomial is filtered alike. The
    ends get no weight: there the spectrum's mean has fewer pixels than the template's.

    Parameters
    ----------
    flux, weight : ndarray of float32, [n, p]
    bad : ndarray of bool, [n, p]
    bank : TemplateBank
    options : MatchOptions

    Returns
    -------
    flux, weight : ndarray of float32, [n, p]
    coefficient : ndarray of float64, [j, q]
        B-spline coefficients of the templates.
    """
    half = SMOOTH_PIXELS // 2
    if options.smooth_removed <= 0 or flux.shape[1] < 8 * half:
        return flux, weight, bank.coefficient
    filled = flux.copy()
    fill_straight(filled, bad)
    weight = weight.copy()
    weight[:, :half] = weight[:, -half:] = 0
    fine = subtract_running_mean(filled, half, options.smooth_removed)
    return fine, weight, bank.smooth_removed(half, options.smooth_removed)
