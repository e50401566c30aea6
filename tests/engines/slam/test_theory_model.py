"""TEFF_BT: labels of a theory grid come back, by the paper's two models and by ours."""

import itertools

import numpy as np
import pandas as pd
import pytest
from made_engines import small_settings

from mstars.core.errors import InputError
from mstars.engines.slam.continuum import normalise
from mstars.engines.slam.fit import Fitter
from mstars.engines.slam.theory_model import train_theory
from mstars.spectra.grids import Grid
from mstars.templates.theory import THEORY_WAVELENGTH, TheoryGrid


def flux_of(labels):
    teff, logg, m_h = (labels[name].to_numpy()[:, None] for name in ("teff", "logg", "m_h"))
    wave, cool = THEORY_WAVELENGTH, (4500 - teff) / 1700
    flux = 1 + 0.4 * (wave - 7500) / 1500
    for centre, width, depth in (
        (6800, 40, 0.2 + 0.3 * cool + 0.1 * (logg - 5)),
        (7130, 60, 0.15 + 0.5 * cool + 0.2 * m_h),
        (7670, 12, 0.2 + 0.3 * cool + 0.15 * (logg - 5) - 0.1 * m_h),
        (8190, 10, 0.1 + 0.2 * cool + 0.2 * (logg - 5) + 0.05 * cool * m_h),
        (8500, 50, 0.1 + 0.25 * cool**2 + 0.1 * m_h),
    ):
        flux = flux * (1 - depth * np.exp(-0.5 * ((wave - centre) / width) ** 2))
    return flux.astype(np.float32)


GRID = Grid.log10(2650, 3200)
"""A third of the engine's pixels: TiO and CaH."""
TEFF = tuple(range(2600, 4601, 200))


def made(teff=TEFF, m_h=(-1.5, -1.0, -0.5, 0.0, 0.5), alpha=(-0.2, 0.0, 0.2)):
    rows = list(itertools.product(teff, (4.5, 5.0, 5.5), m_h, alpha))
    labels = pd.DataFrame(rows, columns=["teff", "logg", "m_h", "alpha_m"]).astype(float)
    return TheoryGrid(THEORY_WAVELENGTH, flux_of(labels), labels, {"title": "made"})


SETTINGS = {"theory_box": {"teff": (2800, 4500), "m_h": (-1, 0), "logg": (4.5, 5.5)}, "theory_resample": 0}


@pytest.fixture(scope="module")
def settings():
    hyper = {"C": (10.0,), "epsilon": (0.01,), "gamma": (0.1,), "cv": 4, "every": 100}
    return small_settings("slam") | SETTINGS | {"theory_hyper": hyper}


def test_labels_come_back_and_both_ways_agree(settings):
    draws = np.random.default_rng(0)
    truth = pd.DataFrame(
        {
            "teff": draws.uniform(2900, 4400, 60),
            "logg": draws.uniform(4.6, 5.4, 60),
            "m_h": draws.uniform(-0.9, -0.1, 60),
        }
    )
    grid = GRID
    observed = TheoryGrid(THEORY_WAVELENGTH, flux_of(truth), truth, {}).flux_on(grid)
    x = normalise(grid.wavelength, observed, np.full_like(observed, 1e4), settings["normalisation"])
    found = {}
    for resample in (0, 250):
        theory = train_theory(made(), grid, settings | {"theory_resample": resample}, seed=1)
        assert (np.diff(theory.cv[:, 2]) < 0).sum() >= 5 and theory.cv[-1, 2] < theory.cv[0, 2]
        box = theory.lower, theory.upper
        fitted = Fitter(theory.model, np.maximum(theory.variance, 1e-6), *box).fit(x.flux, np.full_like(x.ivar, 1e5))
        found[resample] = fitted.labels[:, 0]
        off = fitted.labels[:, 0] - truth["teff"]
        assert np.std(off) < 30 and abs(np.mean(off)) < 10
    assert np.std(found[0] - found[250]) < 20


def test_alpha_is_the_one_nearest_to_zero(settings):
    one = train_theory(made(), GRID, settings, 1)
    two = train_theory(made(alpha=(0.0,)), GRID, settings, 1)
    labels = np.array([[3500.0, -0.5, 5.0]])
    np.testing.assert_allclose(one.model.flux(labels), two.model.flux(labels), rtol=1e-6)


def test_a_grid_that_does_not_cover_is_refused(settings):
    with pytest.raises(InputError, match="teff from 3000"):
        train_theory(made(teff=range(3000, 4601, 200)), GRID, settings, 1)
    short = made()
    keep = THEORY_WAVELENGTH < 7000
    short = TheoryGrid(THEORY_WAVELENGTH[keep], short.flux[:, keep], short.labels, {"title": "short"})
    with pytest.raises(InputError, match="its spectra reach from"):
        train_theory(short, GRID, settings, 1)
