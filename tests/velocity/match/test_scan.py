"""The scan over templates and velocities: pruned, exhaustive, on a GPU."""

import numpy as np
import pytest
from made_stars import direct_chi2, make_many, observe, plain_match

from mstars.velocity.match.default_recipe import match_templates
from mstars.velocity.match.prepare import prepare
from mstars.velocity.match.scan import coarse_chi2, leading_span


def test_coarse_chi2_is_that_of_lstsq(bank):
    spectra, _, _ = observe(6, 1)
    pixels = bank.pixels(spectra.wavelength)
    flux, bad, _ = prepare(spectra, pixels)
    chi2 = coarse_chi2(flux, bad, bank, spectra.wavelength)
    assert chi2.shape == (6, len(bank), 21)
    for row, template, k in [(0, 0, 0), (0, 3, 10), (1, 5, 20), (2, 1, 7), (4, 2, 13)]:
        expected = direct_chi2(spectra, row, bank, template, bank.velocity[k])
        assert chi2[row, template, k] == pytest.approx(expected, rel=2e-4, abs=2e-3)


@pytest.mark.slow
def test_pruned_gives_the_answers_of_exhaustive(many):
    spectra = observe(2500, 20, snr=12.0)[0]
    better = observe(2500, 21, snr=60.0)[0]
    for part in (spectra, better):
        exhaustive = match_templates(part, many, plain_match(method="exhaustive", candidates=3))
        pruned = match_templates(part, many, plain_match(method="pruned", candidates=3))
        assert list(pruned.tm_template) == list(exhaustive.tm_template)
        assert np.abs(pruned.rv_tm - exhaustive.rv_tm).max() < 1e-3
        assert (pruned.tm_flag == exhaustive.tm_flag).all()


def test_pruned_falls_back_where_it_cannot_be_sure(many, monkeypatch):
    from mstars.velocity.match import scan

    spectra = observe(40, 22)[0]
    expected = match_templates(spectra, many, plain_match())
    monkeypatch.setattr(scan, "RANK", 3)  # a hopeless ranking
    pruned = match_templates(spectra, make_many(), plain_match(method="pruned"))
    assert list(pruned.tm_template) == list(expected.tm_template)


def test_the_span_is_that_of_the_leading_singular_vectors():
    rng = np.random.default_rng(3)
    left, right = np.linalg.qr(rng.normal(size=(300, 40)))[0], np.linalg.qr(rng.normal(size=(2000, 40)))[0]
    values = (left * 0.5 ** np.arange(40) @ right.T).astype(np.float32)
    span = leading_span(values, 20)
    np.testing.assert_allclose(span.T @ span, np.eye(20), atol=1e-5)
    missed = left[:, :10] - span @ (span.T @ left[:, :10])
    assert np.linalg.norm(missed, axis=0).max() < 1e-3
