"""Wavelengths: air, vacuum, rest frame."""

import numpy as np
import pytest

from mstars.spectra.wavelengths import air_to_vacuum, rest_wavelength, vacuum_to_air


def test_air_and_vacuum_agree_with_known_lines():
    # H-alpha: 6562.80 in air, 6564.61 in vacuum
    assert air_to_vacuum(6562.80) == pytest.approx(6564.61, abs=0.01)
    grid = np.linspace(3600, 10000, 500)
    np.testing.assert_allclose(vacuum_to_air(air_to_vacuum(grid)), grid, atol=1e-8)


def test_rest_frame_is_a_division():
    # the (1 - z) shortcut would be 0.02 A off here
    assert rest_wavelength(8544.44, 300.0) == pytest.approx(8544.44 / (1 + 300 / 299792.458), abs=1e-9)
