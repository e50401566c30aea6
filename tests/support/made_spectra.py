"""Made-up spectra on LAMOST's grid."""

import numpy as np

from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength

MIXED = np.geomspace(8, 250, 300)
"""S/N of 300 spectra, from noisy to good."""


def m_like(n, snr, seed, extra=0.0):
    """Spectra of a two-parameter family (slope and depth of broad bands), noise, and something added."""
    generator = np.random.default_rng(seed)
    wavelength = lamost_wavelength()
    bands = sum(np.exp(-0.5 * ((wavelength - c) / 70) ** 2) for c in (5200, 6200, 7100, 7700))
    slope, depth = generator.normal(size=(n, 1)), generator.uniform(0.2, 0.6, (n, 1))
    shape = np.exp(1.2 * (wavelength - 6500) / 2500 * (1 + 0.2 * slope)) * (1 - depth * bands) + extra
    sigma = shape.mean(axis=1, keepdims=True) / np.broadcast_to(snr, n)[:, None]
    flux = shape + sigma * generator.normal(size=shape.shape)
    ivar = np.broadcast_to(1 / sigma**2, shape.shape).astype(np.float32)
    keys = np.array([f"s{i}" for i in range(n)])
    return SpectrumSet(flux.astype(np.float32), ivar, np.zeros(shape.shape, np.uint8), wavelength, keys)


def masked_spectra(n=4, seed=0):
    """Wavy spectra with masked pixels, pixels without weight and one that is no number."""
    generator = np.random.default_rng(seed)
    wavelength = lamost_wavelength()
    flux = (100 + 20 * np.sin(wavelength / 50) + generator.normal(0, 1, (n, wavelength.size))).astype(np.float32)
    ormask = (generator.random(flux.shape) < 0.05).astype(np.uint8) * 4
    ivar = np.ones_like(flux)
    ivar[:, ::97] = 0
    flux[0, 5] = np.nan
    return SpectrumSet(flux, ivar, ormask, wavelength, np.array([f"k{i}" for i in range(n)]))
