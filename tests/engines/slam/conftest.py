"""Stars whose pixels are smooth functions of two labels, with noise."""

from types import SimpleNamespace

import numpy as np
import pytest

from mstars.engines.slam.forward import scaling_of
from mstars.engines.slam.search import Sample


def made_stars(n=400, pixels=150, noise=0.01, intrinsic=0.0, seed=3):
    draws = np.random.default_rng(seed)
    labels = np.column_stack([draws.uniform(3000, 4200, n), draws.normal(-0.15, 0.25, n).clip(-1.2, 0.4)])
    a, b = (labels[:, 0] - 3600) / 300, labels[:, 1] / 0.3
    terms = np.stack([a, b, a * b, np.sin(a), np.cos(0.7 * b + a)])
    shapes = draws.normal(0, [[0.06], [0.04], [0.01], [0.03], [0.02]], (5, pixels))
    true = 1 + terms.T @ shapes
    sigma = noise * np.exp(draws.normal(0, 0.4, (n, 1))) * np.ones((1, pixels))
    flux = true + intrinsic * draws.normal(size=true.shape) + sigma * draws.normal(size=true.shape)
    ivar = (1 / sigma**2).astype(np.float32)
    hidden = draws.random(true.shape) < 0.03
    ivar[hidden], flux[hidden] = 0, 1
    return SimpleNamespace(labels=labels, flux=flux.astype(np.float32), ivar=ivar, true=true, fold=np.arange(n) % 4)


@pytest.fixture(scope="session")
def make_stars():
    """The function that makes them."""
    return made_stars


@pytest.fixture(scope="session")
def stars():
    return made_stars()


@pytest.fixture(scope="session")
def scaling(stars):
    return scaling_of(stars.labels, stars.flux, stars.ivar > 0)


@pytest.fixture(scope="session")
def sample(stars, scaling):
    return Sample.of(scaling, stars.labels, stars.flux, stars.ivar, stars.fold)
