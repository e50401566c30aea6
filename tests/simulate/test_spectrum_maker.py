"""Spectra of each kind."""

import numpy as np
import pytest

from mstars.core.errors import InputError
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
