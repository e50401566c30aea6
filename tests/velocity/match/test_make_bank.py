"""Banks: which templates can be used, and on which pixels."""

import numpy as np
import pytest
from made_stars import KINDS, REST, TEMPLATES, plain_match

from mstars.core.errors import InputError
from mstars.spectra.wavelengths import DLOGLAM, lamost_wavelength
from mstars.velocity.match.bank import coarse_grid
from mstars.velocity.match.make_bank import TEMPLATE_RANGE, make_bank


def test_templates_that_cannot_be_used_are_refused():
    with pytest.raises(InputError, match="none of 1 templates covers"):
        make_bank(REST[:500], TEMPLATES[:1, :500], ["short"])
    with pytest.raises(InputError, match="'flat' is constant"):
        make_bank(REST, np.ones((1, REST.size)), ["flat"])
    with pytest.raises(InputError, match="scaling"):
        make_bank(REST, TEMPLATES, range(len(TEMPLATES)), scaling="median")
    with pytest.raises(InputError, match="method"):
        plain_match(method="guess")


def test_every_velocity_compares_the_same_pixels(bank):
    wavelength = lamost_wavelength()
    pixels = bank.pixels(wavelength)
    for velocity in (bank.velocity[0] - 60, bank.velocity[-1] + 60):
        assert np.isfinite(bank.evaluate(0, velocity, wavelength, pixels)).all()
    assert list(coarse_grid()) == [60 * n for n in range(-10, 11)]


def test_z_scored_templates_end_where_the_papers_grid_ends():
    wide = make_bank(REST, TEMPLATES, range(len(KINDS)), scaling="zscore", rest_range=(6500.0, 9000.0))
    end = 10 ** (wide.loglam0 + DLOGLAM * (wide.coefficient.shape[1] - 1))
    assert 8898 < end <= TEMPLATE_RANGE[1]
