"""Augmentation of training spectra: velocity shifts (wrong RVs), smooth curves (flux calibration, dust), noise."""

from __future__ import annotations

import functools

import numpy as np
import torch

from mstars.core.constants import C_KMS
from mstars.spectra.wavelengths import CLASSIFIER_GRID

_ORDERS = 4


def augment(
    x: torch.Tensor, noise: float, shift_kms: float, generator: np.random.Generator, curve: float = 0.0
) -> torch.Tensor:
    """Shifted and noisier copies of z-scored spectra on the classifiers' grid.

    Parameters
    ----------
    x : Tensor, [n, 5000]
    noise : float
        The most noise, in units of a spectrum's sigma; each spectrum draws its own from [0, noise]. 0: none.
    shift_kms : float
        Standard deviation of the velocity shift, km/s. 0: none.
    generator : numpy.random.Generator
    curve : float
        Standard deviation of the coefficients of the Legendre polynomials of order 1 to 4 that are added. 0: none.

    Returns
    -------
    Tensor, [n, 5000]
        z-scored again; ``x`` itself when there is nothing to do.
    """
    if not noise and not shift_kms and not curve:
        return x
    if shift_kms:
        x = _shift(x, generator.normal(scale=shift_kms, size=len(x)))
    if curve:
        coefficients = generator.normal(scale=curve, size=(len(x), _ORDERS)).astype(np.float32)
        x = x + torch.from_numpy(coefficients @ _legendre(x.shape[1]))
    if noise:
        amplitude = generator.uniform(0.0, noise, size=(len(x), 1)).astype(np.float32)
        x = x + torch.from_numpy(amplitude * generator.standard_normal(x.shape, dtype=np.float32))
    x = x - x.mean(dim=1, keepdim=True)
    return x / x.std(dim=1, keepdim=True, correction=0).clamp_min(1e-6)


@functools.cache
def _legendre(n_pixel: int) -> np.ndarray:
    place = np.linspace(-1.0, 1.0, n_pixel)
    return np.polynomial.legendre.legvander(place, _ORDERS)[:, 1:].T.astype(np.float32)


def _shift(x: torch.Tensor, velocity: np.ndarray) -> torch.Tensor:
    """Linear interpolation at the Doppler-shifted grid, ends held."""
    first, n_pixel = CLASSIFIER_GRID[0], x.shape[1]
    position = CLASSIFIER_GRID[None, :n_pixel] * (1.0 + velocity[:, None] / C_KMS) - first
    position = np.clip(position, 0, n_pixel - 1)
    left = np.minimum(position.astype(np.int64), n_pixel - 2)
    fraction = torch.from_numpy((position - left).astype(np.float32))
    left = torch.from_numpy(left)
    return torch.lerp(x.gather(1, left), x.gather(1, left + 1), fraction)
