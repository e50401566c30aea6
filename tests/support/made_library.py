"""A library of made-up stars: spectra that go smoothly with three labels, and targets between them."""

import numpy as np

from mstars.engines.laspm.library import Library

CENTRE, SPAN = np.array([3600.0, 4.8, -0.1]), np.array([500.0, 0.3, 0.4])
N_PIXEL = 1663


def modes(seed=1):
    """Nine band-like patterns, [9, pixel]."""
    walks = np.cumsum(np.random.default_rng(seed).normal(0, 1, (9, N_PIXEL)), axis=1)
    walks -= np.array([np.convolve(walk, np.ones(60) / 60, "same") for walk in walks])
    return walks / walks.std(axis=1, keepdims=True) * np.array([10, 3, 3, 3, 1, 1, 2, 1, 1])[:, None] / 100


MODES = modes()


def clean_flux(scaled):
    """Noise-free flux of labels from -1 to 1, [n, pixel]."""
    return 1 + np.concatenate([scaled, scaled**2, scaled * np.roll(scaled, 1, axis=1)], axis=1) @ MODES


def make_library(n=600, noise=0.01, seed=2):
    draws = np.random.default_rng(seed)
    scaled = draws.uniform(-1, 1, (n, 3))
    flux = clean_flux(scaled) + draws.normal(0, noise, (n, N_PIXEL))
    names = np.array([f"star{number}" for number in range(n)])
    return Library(flux, scaled * SPAN + CENTRE, names, names, np.full(N_PIXEL, noise**2, np.float32), np.ones(n))


def make_targets(n=60, snr=(8, 300), seed=3, masked=0.05, reach=1.0):
    """Flux, ivar, labels and S/N of targets with a continuum of their own and masked pixels."""
    draws = np.random.default_rng(seed)
    scaled = draws.uniform(-reach, reach, (n, 3))
    noise = 1 / np.exp(draws.uniform(*np.log(snr), n))
    x = np.linspace(-1, 1, N_PIXEL)
    flux = clean_flux(scaled) * (1 + draws.normal(0, 0.1, (n, 1)) * x + draws.normal(0, 0.05, (n, 1)) * x**2)
    flux += draws.normal(0, 1, flux.shape) * noise[:, None]
    ivar = np.broadcast_to(noise[:, None] ** -2, flux.shape).astype(np.float32).copy()
    ivar[draws.random(flux.shape) < masked] = 0
    ivar[: n // 4, 300:500] = 0
    return flux.astype(np.float32), ivar, scaled * SPAN + CENTRE, 1 / noise
