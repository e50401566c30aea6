"""Redshifts from emission lines."""

import numpy as np
import pytest

from mstars.paper.redshift import REDSHIFT_LINES, redshift
from mstars.spectra.wavelengths import lamost_wavelength


@pytest.mark.parametrize(("kind", "z"), [("galaxy", 0.08), ("qso", 0.75)])
def test_the_redshift_of_lines_is_found_and_noise_has_none(kind, z):
    wave = lamost_wavelength()
    noise = np.random.default_rng(2).normal(0, 0.02, len(wave)) + wave / 6000
    bad = np.zeros(len(wave), bool)
    assert np.isnan(redshift(kind, wave, noise, bad)) and np.isnan(redshift(kind, wave, noise, ~bad))
    width = 4.0 if kind == "galaxy" else 15.0
    lines = sum(sign * np.exp(-0.5 * ((wave / (1 + z) - rest) / width) ** 2) for _, rest, sign in REDSHIFT_LINES[kind])
    bad[1000:1010] = True
    assert redshift(kind, wave, noise + 0.4 * lines, bad) == pytest.approx(z, abs=0.008)
