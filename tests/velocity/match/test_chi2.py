"""chi2 of one template and velocity (Eq. 2)."""

import pytest
from made_stars import direct_chi2, observe

from mstars.velocity.compiling import Observed, observed
from mstars.velocity.match.chi2 import chi2_at
from mstars.velocity.match.prepare import prepare


def test_single_chi2_in_float64(bank):
    spectra, _, _ = observe(4, 2)
    pixels = bank.pixels(spectra.wavelength)
    flux, bad, _ = prepare(spectra, pixels)
    seen, splines = observed(flux.astype(float), (~bad).astype(float)), bank.splines(spectra.wavelength, pixels)
    for row in range(4):
        own = Observed(seen.flux[row], seen.weight[row], seen.coordinate)
        value = chi2_at(own, splines.coefficient[3], splines.offset, 37.7)
        assert value == pytest.approx(direct_chi2(spectra, row, bank, 3, 37.7), rel=1e-9)
