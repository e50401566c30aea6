"""Spectra of each kind."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.simulate import instrument
from mstars.simulate.log_flux import tio5


def test_labels_outside_the_templates(maker):
    with pytest.raises(InputError, match="Teff 2000 to 2000 K is outside"):
        maker.dwarfs.log_flux(2000.0, 5.0, 0.0, 0.0)
    with pytest.raises(InputError, match="Teff 2900 to 2900 K is outside"):
        maker.giants.log_flux(2900.0, 0.5, 0.0, 0.0, np.random.default_rng(0))


def test_cooler_dwarfs_have_deeper_bands(maker):
    depth = tio5(maker.dwarfs.log_flux([4000.0, 3500.0, 3000.0], [4.7, 4.8, 5.0], 0.0, 0.04))
    assert depth[0] > depth[1] > depth[2]


def test_every_kind_can_be_made(maker, plan):
    for kind, rows in plan.groupby("kind"):
        flux = maker.make(kind, rows.head(3).reset_index(drop=True), np.random.default_rng(0))
        assert np.isfinite(flux).all() and (flux > 0).all(), kind
    with pytest.raises(InputError, match="'comet'"):
        maker.make("comet", plan.head(2), np.random.default_rng(0))


def test_dust_left_by_the_calibration():
    n = 4000
    standards = 0.4 * (1 - np.exp(-1000 / 600))
    rows = pd.DataFrame({"role": "train", "ebv_scale": 0.4, "ebv": np.repeat([0.05, standards], n)})
    left = instrument._dust_left(rows, np.random.default_rng(1))
    assert left[:n].mean() == pytest.approx(0.05 - standards, abs=0.006)  # in front of the standards: too blue
    assert left[n:].mean() == pytest.approx(0.0, abs=0.006)
    # Student's t of three degrees of freedom: about as wide as real stars, with far more that are much too red or blue
    assert 1.4826 * np.median(np.abs(left[n:])) == pytest.approx(0.125, abs=0.006)
    assert np.mean(np.abs(left[n:]) > 0.39) == pytest.approx(0.038, abs=0.01)
    assert np.abs(left[n:]).max() <= 0.66 + 1e-9
