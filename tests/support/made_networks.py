"""A network small enough for tests, and spectra for it to learn."""

import numpy as np
import pandas as pd

from mstars.core.config.networks import Architecture, Networks
from mstars.files.stores import write_batch
from mstars.networks.training import train_classifier
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import CLASSIFIER_GRID, N_PIXEL, lamost_wavelength

SMALL = Architecture(channels=(4, 4, 4, 4), kernels=(9, 5, 5, 3), strides=(2, 1, 1, 1), pools=(4, 4, 4, 2))


def spectra_of_classes(n=240, seed=1):
    """z-scored spectra of two classes that differ by one absorption band, and a label that is its depth."""
    generator = np.random.default_rng(seed)
    depth = generator.uniform(0.2, 1.0, n)
    is_deep = depth > 0.6
    band = np.exp(-0.5 * ((CLASSIFIER_GRID - 7050) / 60) ** 2)
    slope = generator.normal(size=(n, 1)) * (CLASSIFIER_GRID - 6400) / 5000
    flux = 2 + 0.05 * slope - depth[:, None] * band + 0.05 * generator.normal(size=(n, len(CLASSIFIER_GRID)))
    flux = (flux - flux.mean(axis=1, keepdims=True)) / flux.std(axis=1, keepdims=True)
    return flux.astype(np.float32), np.where(is_deep, "deep", "flat"), depth


def make_store(path, keys, seed):
    """A store of random spectra at ``path``; returns them."""
    generator = np.random.default_rng(seed)
    shape = (len(keys), N_PIXEL)
    flux = generator.uniform(1, 2, shape).astype(np.float32)
    spectra = SpectrumSet(flux, np.ones(shape, np.float32), np.zeros(shape, np.uint8), lamost_wavelength(), keys)
    header = pd.DataFrame({"spectrum_key": keys})
    write_batch(path, spectra, header, pd.DataFrame({"path": [], "reason": []}))
    return spectra


def small(**settings) -> Networks:
    """Settings of a training in seconds: a small network, without the mean of the weights."""
    return Networks(**{"average": 0, "device": "cpu", "architecture": SMALL} | settings)


QUICK = small(epochs=4, batch_size=32)


def train(folder, data, settings=QUICK, **changes):
    x, labels, _, valid = data
    arguments = {"classes": ["flat", "deep"], "settings": settings, "seed": 7, "folder": folder, "task": "test"}
    return train_classifier(x, labels, valid, **(arguments | changes))
