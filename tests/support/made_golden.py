"""Candidates of a golden sample whose truth is known, with bad ones planted among them."""

import numpy as np
import pandas as pd

from mstars.engines.laspm.golden.spectra import GRID, SampleSpectra
from mstars.spectra.normalisation import mean_normalised

CENTRE, SPAN = np.array([3600.0, 4.75, -0.1]), np.array([300.0, 0.15, 0.25])
LABEL_ERROR = np.array([25.0, 0.04, 0.05])
BAD = ("label", "double", "lamp", "cosmic")


def patterns(seed=1):
    """How flux goes with labels: bands and lines, [9, pixel]."""
    draws = np.random.default_rng(seed)
    pixel = np.arange(len(GRID))
    found = np.zeros((9, len(pixel)))
    for row, size in zip(found, (0.10, 0.05, 0.06, 0.02, 0.01, 0.01, 0.015, 0.01, 0.01), strict=True):
        for centre in draws.integers(0, len(pixel), 60):
            row += draws.normal(0, 1) * np.exp(-0.5 * ((pixel - centre) / draws.choice([1.5, 3, 25])) ** 2)
        row *= size / row.std()
    return found


PATTERNS = patterns()
LINES = patterns(2)[1]


def clean_flux(scaled):
    terms = np.concatenate([scaled, scaled**2, scaled * np.roll(scaled, 1, axis=1)], axis=1)
    return 1.2 + 1.5 * LINES + terms @ PATTERNS


def make_candidates(n=900, bad=50, snr=(30, 120), seed=3):
    """Table, spectra and what is bad of n candidates ('' for good ones)."""
    draws = np.random.default_rng(seed)
    scaled = draws.uniform(-1, 1, (n, 3))
    truth = scaled * SPAN + CENTRE
    flux = clean_flux(scaled)
    what = np.full(n, "", object)
    what[draws.permutation(n)[:bad]] = [BAD[number % 4] for number in range(bad)]
    noise = 1 / np.exp(draws.uniform(*np.log(snr), n))
    labels = truth + draws.normal(0, 1, truth.shape) * LABEL_ERROR
    x = np.linspace(-1, 1, len(GRID))
    flux *= 1 + draws.normal(0, 0.1, (n, 1)) * x + draws.normal(0, 0.05, (n, 1)) * x**2
    for row in np.flatnonzero(what == "label"):
        far = np.flatnonzero(np.abs(truth[:, 0] - truth[row, 0]) > 250)
        labels[row] = labels[draws.choice(far)]
    for row in np.flatnonzero(what == "double"):
        other = draws.integers(n)
        flux[row] = 0.55 * flux[row] + 0.45 * np.roll(clean_flux(scaled[[other]])[0], draws.choice([-5, -4, 4, 5, 6]))
    for row in np.flatnonzero(what == "lamp"):
        flux[row] = 1 + 0.5 * x
        for centre in draws.integers(0, len(x), 25):
            flux[row] += draws.uniform(0.2, 3) * np.exp(-0.5 * ((np.arange(len(x)) - centre) / 1.5) ** 2)
    for row in np.flatnonzero(what == "cosmic"):
        hit = draws.random(len(x)) < 0.03
        flux[row, hit] += draws.exponential(3, hit.sum())
    flux += draws.normal(0, 1, flux.shape) * noise[:, None]
    ivar = np.broadcast_to(noise[:, None] ** -2, flux.shape).astype(np.float32)
    spectra = SampleSpectra(*mean_normalised(flux.astype(np.float32), ivar), np.zeros(n, np.float32))
    table = pd.DataFrame(labels, columns=["teff", "logg", "m_h"])
    names = [f"56000-P1-sp01-{number:03d}" for number in range(n)]
    stars = [f"s{number}" for number in range(n)]
    return table.assign(spectrum_key=names, star_id=stars, snri=1 / noise, source="made"), spectra, what
