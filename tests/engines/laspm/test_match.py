"""The match against the exhaustive answer, and what it does at the edges."""

import numpy as np
import pytest
from made_library import SPAN, make_library, make_targets

from mstars.engines.laspm.library import Library
from mstars.engines.laspm.match import CANDIDATES, MatchOptions, match


@pytest.fixture(scope="module")
def library():
    return make_library(1200)


def test_the_five_best_are_those_of_the_exhaustive_search(library):
    flux, ivar, _, _ = make_targets(2000)
    fast, slow = match(library, flux, ivar), match(library, flux, ivar, exhaustive=True)
    assert len(library) > 4 * CANDIDATES
    np.testing.assert_array_equal(fast.best, slow.best)
    np.testing.assert_allclose(fast.weight, slow.weight, atol=1e-9)


def test_labels_come_back(library):
    flux, ivar, labels, snr = make_targets(300, reach=0.9)
    found = match(library, flux, ivar)
    off = (np.einsum("nb,nbk->nk", found.weight, library.labels[found.best]) - labels) / SPAN
    assert off[snr > 50].std() < 0.07 and off.std() < 0.12
    assert np.abs(found.weight.sum(axis=1) - 1).max() < 1e-9 and (found.weight >= 0).all()
    assert (found.chi2 <= found.best_chi2[:, 0] * (1 + 1e-9)).all() and (np.diff(found.best_chi2) >= 0).all()
    assert 0.9 < np.median(found.chi2[snr < 20] / found.pixels[snr < 20]) < 1.1


def test_a_library_spectrum_finds_itself_unless_its_star_is_left_out(library):
    own, star = library.flux[:100], library.star[:100]
    ivar = np.full(own.shape, 1e4, np.float32)
    assert (match(library, own, ivar).best[:, 0] == np.arange(100)).all()
    repeats = Library(library.flux, library.labels, np.roll(library.star, 1), library.key, library.noise, library.level)
    alone = match(repeats, own, ivar, without=star)
    assert not (repeats.star[alone.best] == star[:, None]).any()
    assert (match(repeats, own, ivar, without=np.full(100, "")).best[:, 0] == np.arange(100)).all()


def test_weights_by_chi2(library):
    flux, ivar, _, _ = make_targets(20)
    found = match(library, flux, ivar, MatchOptions(weights="chi2"))
    expected = 1 / found.best_chi2
    np.testing.assert_allclose(found.weight, expected / expected.sum(axis=1, keepdims=True))
    assert (found.chi2 >= match(library, flux, ivar).chi2 * (1 - 1e-9)).all()


def test_library_noise_makes_chi2_honest_at_high_snr(library):
    flux, ivar, _, _ = make_targets(100, snr=(200, 300))
    own, plain = (match(library, flux, ivar, MatchOptions(library_noise=how)) for how in ("typical", "none"))
    assert np.median(own.best_chi2[:, 0] / own.pixels) < 1.5 < 4 < np.median(plain.best_chi2[:, 0] / plain.pixels)


def test_spectra_without_data_match_nothing(library):
    flux, ivar, _, _ = make_targets(4)
    ivar[1], ivar[2, 99:] = 0, 0
    found = match(library, flux, ivar)
    assert np.isfinite(found.chi2).tolist() == [True, False, False, True]
    assert (found.best[1:3] == -1).all() and not found.weight[1:3].any()


def test_a_library_smaller_than_what_is_combined():
    small = make_library(3)
    flux, ivar, _, _ = make_targets(2)
    found = match(small, flux, ivar)
    assert (found.best[:, 3:] == -1).all() and (found.best[:, :3] >= 0).all()
    np.testing.assert_allclose(found.weight.sum(axis=1), 1)
