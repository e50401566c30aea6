"""Normalised spectra (Li et al. 2025, section 3.2, step 5)."""

from __future__ import annotations

import numpy as np


def zscore(flux: np.ndarray) -> np.ndarray:
    """Step 5 of section 3.2: (x - mean) / standard deviation of each row.

    Parameters
    ----------
    flux : ndarray, [n, pixel]

    Returns
    -------
    ndarray of float32, [n, pixel]
        Zeros for a constant row.
    """
    from mstars.spectra.loops import zscore_rows

    flux = np.ascontiguousarray(flux)
    out = np.empty(flux.shape, np.float32)
    zscore_rows(flux, out)
    return out


def zscore_ivar(flux: np.ndarray, ivar: np.ndarray) -> np.ndarray:
    """Inverse variance of `zscore`'s result: ivar times the squared standard deviation of the row's flux.

    Parameters
    ----------
    flux, ivar : ndarray, [n, pixel]
        Before the normalisation.

    Returns
    -------
    ndarray of float32, [n, pixel]
    """
    return (ivar * np.square(np.std(flux, axis=1, dtype=float, keepdims=True))).astype(np.float32)


def gaussian_continuum(flux: np.ndarray, weight: np.ndarray, sigma: float) -> np.ndarray:
    """Running mean with Gaussian weights, w_i(l) = exp(-(l - l_i)^2 / (2 sigma^2)) (Zhang et al. 2025, Eqs. 2 and 3).

    Parameters
    ----------
    flux : ndarray, [n, pixel]
        In equal steps.
    weight : ndarray, [n, pixel] or [pixel]
        Of each pixel beside the Gaussian's: 1 for those that count, 0 for others.
    sigma : float
        Pixels. The weights end at five times this.

    Returns
    -------
    ndarray of float64, [n, pixel]
        NaN where no pixel counts.
    """
    from scipy.ndimage import gaussian_filter1d

    weight = np.broadcast_to(np.asarray(weight, dtype=float), flux.shape)
    options = {"sigma": sigma, "axis": 1, "mode": "constant", "truncate": 5.0}
    known = gaussian_filter1d(weight, **options)
    mean = gaussian_filter1d(np.asarray(flux, dtype=float) * weight, **options)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known > 0, mean / known, np.nan)


def gaussian_normalised(
    flux: np.ndarray, ivar: np.ndarray, weight: np.ndarray, sigma: float
) -> tuple[np.ndarray, np.ndarray]:
    """Flux over `gaussian_continuum`, and the inverse variance that goes with it.

    Parameters
    ----------
    flux, ivar : ndarray, [n, pixel]
    weight, sigma
        As for `gaussian_continuum`.

    Returns
    -------
    flux, ivar : ndarray of float32, [n, pixel]
        1 and 0 where the continuum is not above a thousandth of the spectrum's mean.
    """
    continuum = gaussian_continuum(flux, weight, sigma)
    least = 1e-3 * np.abs(np.mean(flux, axis=1, keepdims=True, dtype=float))
    sound = np.isfinite(continuum) & (continuum > np.maximum(least, np.finfo(np.float32).tiny))
    divisor = np.where(sound, continuum, 1.0)
    return (
        np.where(sound, flux / divisor, 1.0).astype(np.float32),
        np.where(sound, ivar * divisor**2, 0.0).astype(np.float32),
    )


def mean_normalised(flux: np.ndarray, ivar: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Flux over its mean and the inverse variance that goes with it; zeros where all flux is equal.

    Parameters
    ----------
    flux, ivar : ndarray of float32, [n, pixel]

    Returns
    -------
    flux, ivar : ndarray of float32, [n, pixel]
    """
    scale = np.abs(flux.mean(axis=1, dtype=float, keepdims=True))
    usable = (np.ptp(flux, axis=1, keepdims=True) > 0) & (scale > 0)
    scale = np.where(usable, scale, 1)
    return (flux / scale * usable).astype(np.float32), (ivar * scale**2 * usable).astype(np.float32)
