"""Second stars: planted ones are found with their shift and share, single stars are left alone."""

import numpy as np
import pytest
from made_golden import clean_flux, make_candidates

from mstars.engines.laspm.golden.doubles import LEAST_SPECTRA, second_star
from mstars.engines.laspm.golden.settings import Golden


def test_planted_second_stars():
    table, spectra, _ = make_candidates(400, bad=0, snr=(40, 100))
    labels = table[["teff", "logg", "m_h"]].to_numpy()
    planted = {5: (4, 0.4), 17: (-6, 0.3), 40: (8, 0.45), 90: (-3, 0.4)}
    for row, (shift, share) in planted.items():
        spectra.flux[row] = (1 - share) * spectra.flux[row] + share * np.roll(spectra.flux[row], shift)
    found, limits = second_star(spectra, table["star_id"].to_numpy(dtype=str), labels), Golden().doubles
    for row, (shift, share) in planted.items():
        assert found.sigma[row] > limits.sigma and found.shift[row] in (shift - 1, shift, shift + 1)
        assert found.share[row] == pytest.approx(share, abs=0.15)
    single = np.setdiff1d(np.arange(400), list(planted))
    assert ((found.sigma > limits.sigma) & (found.share > limits.share))[single].mean() < 0.02
    assert clean_flux(np.zeros((1, 3))).shape == (1, spectra.flux.shape[1])


def test_too_few_spectra_say_nothing():
    table, spectra, _ = make_candidates(LEAST_SPECTRA - 1, bad=0)
    found = second_star(spectra, table["star_id"].to_numpy(dtype=str), table[["teff", "logg", "m_h"]].to_numpy())
    assert not found.sigma.any()
