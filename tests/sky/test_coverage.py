"""The pixels around some places never leave out a source that is near enough."""

import numpy as np
import pytest
from made_sky import ARCSEC

from mstars.sky.cells import pixels
from mstars.sky.coverage import Coverage
from mstars.sky.crossmatch import propagate

POLES_AND_SEAM = ([0.0001, 359.9999, 12.0, 200.0, 77.0], [10.0, -10.0, 89.9999, -89.9999, 41.8])


@pytest.mark.parametrize("radius", [0.5, 3.0, 60.0])
def test_no_source_within_the_radius_is_left_out(radius):
    rng = np.random.default_rng(3)
    ra = np.concatenate([rng.uniform(0, 360, 4000), np.repeat(POLES_AND_SEAM[0], 200)])
    dec = np.concatenate([np.degrees(np.arcsin(rng.uniform(-1, 1, 4000))), np.repeat(POLES_AND_SEAM[1], 200)])
    coverage = Coverage([(ra, dec)], radius)
    angle, far = rng.uniform(0, 2 * np.pi, len(ra)), radius * 1000 * 0.999
    there = propagate(ra, dec, far * np.cos(angle), far * np.sin(angle), 1.0)
    assert coverage.keeps(*there).all()
    index = pixels(*there, 29)
    assert all(coverage.touches_index(one, one) for one in index[::20])
    assert all(coverage.touches_box((one, one), (other, other)) for one, other in zip(*there, strict=True))
    away = propagate(ra[:4000], dec[:4000], 0.0 * ra[:4000], np.full(4000, 3.6e6), 1.0)
    assert coverage.keeps(*away).mean() < 0.5


def test_fast_sources_are_sought_as_far_as_they_move():
    ra, dec, motion = np.array([10.0]), np.array([20.0]), np.array([10_000.0])
    coverage = Coverage([(ra, dec)], 3.0, years=16.0)
    there = propagate(ra, dec, motion, np.zeros(1), 16.0)  # 160 arcsec away
    assert coverage.keeps(*there, motion).tolist() == [True]
    away = propagate(ra, dec, 5 * motion, np.zeros(1), 16.0)
    assert coverage.keeps(*away, np.array([1.0])).tolist() == [False]
    assert coverage.touches_box(*((float(one[0]), float(one[0])) for one in there))


def test_nothing_matters_for_no_places():
    coverage = Coverage([(np.array([np.nan]), np.array([0.0]))], 3.0, years=10.0)
    assert not coverage.keeps(np.array([1.0]), np.array([ARCSEC])).any()
    assert not coverage.touches_pixel(0, 4)
