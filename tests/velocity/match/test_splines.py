"""Template values between pixels."""

import numpy as np
from made_stars import REST, TEMPLATES
from scipy.interpolate import CubicSpline

from mstars.spectra.wavelengths import lamost_wavelength
from mstars.velocity.match.splines import pixel_shift


def test_template_values_are_a_cubic_spline(bank):
    wavelength = lamost_wavelength()
    pixels = bank.pixels(wavelength)
    value = bank.evaluate(2, 123.4, wavelength, pixels)
    inside = (REST > 4690) & (REST < 8910)
    rest = np.log10(wavelength[pixels]) - pixel_shift(123.4) * 1e-4
    expected = CubicSpline(np.log10(REST[inside]), TEMPLATES[2, inside])(rest)
    np.testing.assert_allclose(value / value.mean(), expected / expected.mean(), atol=2e-5)
