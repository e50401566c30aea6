"""What fluxes have beyond labels and noise: modes that pixels share, correlated noise, and a floor of the labels.

Stars with the same labels differ in gravity, composition, dust and calibration, which move many pixels together. Where
each pixel's variance counts alone, as in Eq. 3 of Li et al. 2021, a fit takes a part of these for the labels, and its
errors are too small. Here the covariance of the residuals is that of a factor analysis (Rubin & Thayer 1982): a few
modes, each with a strength of variance 1 in every star, and a variance of each pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import eigh

from mstars.core.robust import mad_std

ROUNDS = 20
STARS_A_MODE = 20
"""Stars that each mode takes at least: with fewer stars there are fewer modes."""
LAGS = 3
"""Pixels over which the noise is correlated at most."""
_LEAST = 0.02
"""The least variance of a pixel, as a share of that without modes."""
_NOISY, _USUAL, _LEAST_PIXELS = 0.8, 5.0, 2000


@dataclass(frozen=True)
class Covariance:
    """Covariance of fluxes about the model, scaled as the fluxes are, beyond the noise that the spectra know.

    Attributes
    ----------
    variance : ndarray of float64, [pixel]
        Of each pixel alone.
    modes : ndarray of float32, [pixel, mode]
        What stars share, each with a strength of variance 1.
    correlation : ndarray of float64, [lag]
        Of the noise of pixels that are 1, 2, ... apart.
    floor : ndarray of float64, [k]
        Scatter of fitted labels, K and dex, that variances, modes and noise do not explain: errors of the training
        labels, and of the model where it follows them.
    """

    variance: np.ndarray
    modes: np.ndarray
    correlation: np.ndarray
    floor: np.ndarray

    @classmethod
    def of_pixels(cls, variance: np.ndarray) -> Covariance:
        """Pixels that have nothing to do with each other, as in Eq. 3."""
        variance = np.asarray(variance, dtype=float)
        return cls(variance, np.zeros((len(variance), 0), np.float32), np.zeros(0), np.zeros(0))

    def scaled(self, factor: np.ndarray) -> Covariance:
        """The same for fluxes that are ``factor`` times as large, [pixel]."""
        modes = (self.modes * np.asarray(factor)[:, None]).astype(np.float32)
        return replace(self, variance=self.variance * np.square(factor), modes=modes)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """What a folder keeps of it."""
        return {
            "variance": self.variance,
            "modes": np.ascontiguousarray(self.modes),
            "correlation": self.correlation,
            "floor": self.floor,
        }

    @classmethod
    def from_arrays(cls, arrays) -> Covariance:
        """The inverse of `arrays`."""
        return cls(*(arrays[name] for name in ("variance", "modes", "correlation", "floor")))


def residual_covariance(residual, noise, used, start, modes: int) -> Covariance:
    """Covariance of the residuals of stars that the model has not seen.

    Parameters
    ----------
    residual : ndarray of float32, [n, pixel]
        Scaled.
    noise : ndarray of float32, [n, pixel]
        Variance of the noise.
    used : ndarray of bool, [n, pixel]
    start : ndarray of float64, [pixel]
        Variance beyond the noise without modes: see `mstars.engines.slam.search.intrinsic_variance`.
    modes : int
        The most; one for every 20 stars at most.

    Returns
    -------
    Covariance
        ``floor`` is empty: `label_floor` finds it.
    """
    residual = np.where(used, residual, 0).astype(np.float32)
    noise = np.where(used, noise, np.inf).astype(np.float32)
    count = min(modes, len(residual) // STARS_A_MODE)
    variance, found = np.asarray(start, dtype=float), np.zeros((residual.shape[1], 0), np.float32)
    left = residual
    if count:
        found, variance, strength = _factors(residual, noise, variance, count)
        left = residual - strength @ found.T
    return Covariance(variance, found, noise_correlation(left, noise, variance), np.zeros(0))


def _factors(residual, noise, start, count):
    """Modes, variance of each pixel and strengths, by expectation and maximisation.

    The size of the modes and that of the strengths hold each other: each round gives the strengths variance 1 anew,
    without which it would take hundreds (parameter expansion: Liu, Rubin & Wu 1998, Biometrika 85, 755).
    """
    least, variance = _LEAST * start, start.copy()
    modes = _first_modes(residual, noise, variance, count)
    for _ in range(ROUNDS):
        weight = (1 / (noise + variance)).astype(np.float32)
        spread = strengths_covariance(weight, products(modes))
        strength = np.einsum("nkl,nl->nk", spread, (weight * residual) @ modes)
        second = spread + strength[:, :, None] * strength[:, None, :]
        packed = _packed(second).astype(np.float32)
        matrix = _unpacked(weight.T @ packed, count) + 1e-8 * np.eye(count)
        modes = np.linalg.solve(matrix, ((weight * residual).T @ strength)[:, :, None])[:, :, 0].astype(np.float32)
        # residuals with what the uncertain strengths leave open; then as in intrinsic_variance
        square = np.square(residual - strength.astype(np.float32) @ modes.T)
        square += (_packed(spread, twice=True).astype(np.float32)) @ products(modes).T
        weight = np.square(weight)
        excess = np.where(weight > 0, weight * (square - np.where(np.isfinite(noise), noise, 0)), 0)
        total = weight.sum(axis=0, dtype=float)
        found = excess.sum(axis=0, dtype=float) / np.where(total > 0, total, 1)
        variance = np.where(total > 0, np.maximum(found, least), start)
        size = np.linalg.cholesky(second.mean(axis=0))
        modes = (modes @ size).astype(np.float32)
        strength = np.linalg.solve(size, strength.T).T
    return modes, variance, strength.astype(np.float32)


def _first_modes(residual, noise, variance, count):
    """Principal components of the weighted residuals."""
    weighted = residual * np.sqrt(variance.mean() / (noise + variance)).astype(np.float32)
    pixels = residual.shape[1]
    value, vector = eigh(weighted.T @ weighted, subset_by_index=[pixels - count, pixels - 1])
    return (vector * np.sqrt(np.maximum(value, 0) / len(residual))).astype(np.float32)


def products(modes: np.ndarray) -> np.ndarray:
    """Products of each two modes, [pixel, k (k + 1) / 2], in the order of the upper triangle."""
    one, two = np.triu_indices(modes.shape[1])
    return modes[:, one] * modes[:, two]


def _packed(matrix, *, twice=False):
    one, two = np.triu_indices(matrix.shape[-1])
    packed = matrix[:, one, two]
    return packed * np.where(one == two, 1, 2) if twice else packed


def _unpacked(packed, count):
    one, two = np.triu_indices(count)
    matrix = np.empty((len(packed), count, count))
    matrix[:, one, two] = packed
    matrix[:, two, one] = packed
    return matrix


def strengths_covariance(weight: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Covariance of the strengths of the modes in spectra.

    Parameters
    ----------
    weight : ndarray of float32, [n, pixel]
        Inverse of the pixels' variance.
    pairs : ndarray of float32, [pixel, k (k + 1) / 2]
        Of `products`.

    Returns
    -------
    ndarray of float64, [n, k, k]
    """
    count = int(np.sqrt(2 * pairs.shape[1]))
    return np.linalg.inv(_unpacked(weight @ pairs, count) + np.eye(count))


def noise_correlation(residual, noise, variance, lags: int = LAGS) -> np.ndarray:
    """Correlation of the noise of neighbouring pixels, from pixels that have little else.

    A spectrum's pixels are rebinned from those of the detector, and interpolated again in the rest frame: neighbours
    share noise, and the noise of a sum over a band is larger than their inverse variances say.

    Parameters
    ----------
    residual, noise : ndarray of float32, [n, pixel]
    variance : ndarray of float64, [pixel]
        Beyond the noise.
    lags : int

    Returns
    -------
    ndarray of float64, [lags]
        0 where fewer than 2000 pixels are noisy enough (four fifths of their variance).
    """
    with np.errstate(invalid="ignore"):
        noisy = np.isfinite(noise) & (noise > _NOISY * (noise + variance))
        relative = np.where(noisy, residual / np.sqrt(noise + variance), 0).astype(np.float32)
    noisy &= np.abs(relative) < _USUAL
    relative[~noisy] = 0
    if noisy.sum() < _LEAST_PIXELS:
        return np.zeros(lags)
    mean_square = np.square(relative).sum(dtype=float) / noisy.sum()
    found = []
    for lag in range(1, lags + 1):
        both = (noisy[:, lag:] & noisy[:, :-lag]).sum()
        found.append((relative[:, lag:] * relative[:, :-lag]).sum(dtype=float) / max(both, 1) / mean_square)
    return np.array(found)


def label_floor(off: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Scatter to add to formal errors so that the robust scatter of the pulls is 1.

    Parameters
    ----------
    off, error : ndarray, [n, k]
        Fitted labels less the true ones of stars that the model has not seen, and their formal errors.

    Returns
    -------
    ndarray of float64, [k]
        0 where the formal errors are large enough.
    """
    floors = []
    for column in range(off.shape[1]):
        good = np.isfinite(off[:, column]) & np.isfinite(error[:, column])
        d, variance = off[good, column], np.square(error[good, column])
        low, high = 0.0, float(mad_std(d)) if good.sum() >= 3 else 0.0
        if not high > 0 or mad_std(d / np.sqrt(variance)) <= 1:
            floors.append(0.0)
            continue
        for _ in range(40):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if mad_std(d / np.sqrt(variance + middle**2)) > 1 else (low, middle)
        floors.append(high)
    return np.array(floors)
