"""What a residual says of labels: the planted shift of a target comes back."""

import numpy as np
from made_library import CENTRE, SPAN, clean_flux, make_library, make_targets

from mstars.engines.laspm.edges import fit_slopes, rest_of
from mstars.engines.laspm.match import Matched, MatchOptions, match


def test_slopes_are_those_of_the_library():
    library = make_library(800, noise=0.002)
    slopes, step = fit_slopes(library.flux, library.labels)[0], np.array([50.0, 0.0, 0.0])
    place = np.array([[3700.0, 4.9, 0.1]])
    truth = (clean_flux((place + step - CENTRE) / SPAN) - clean_flux((place - step - CENTRE) / SPAN)) / 100
    found = slopes.at(place)[0, 0] / slopes.scale[0]
    assert np.abs(found - truth[0]).max() < 0.05 * np.abs(truth).max()


def test_the_step_leads_to_the_labels_of_a_target():
    library, options = make_library(800), MatchOptions()
    flux, ivar, labels, _ = make_targets(200, snr=(80, 200), reach=0.8)
    found = match(library, flux, ivar, options)
    values = np.einsum("nb,nbk->nk", found.weight, library.labels[found.best])
    rest = rest_of(library, fit_slopes(library.flux, library.labels)[0], flux, ivar, values, found, options)
    before, after = (values - labels) / SPAN, (values + rest.step - labels) / SPAN
    assert after.std() < 0.5 * before.std() and np.median(np.abs(after * SPAN / rest.error)) < 1.5


def test_nothing_found_moves_nothing():
    library, options = make_library(50), MatchOptions()
    flux, ivar, labels, _ = make_targets(2)
    rest = rest_of(
        library, fit_slopes(library.flux, library.labels)[0], flux, ivar, labels, Matched.empty(2, 5), options
    )
    assert not rest.step.any() and np.isinf(rest.error).all() and np.isnan(rest.chi2).all()


def test_chi2_is_honest_whatever_the_noise_of_the_library():
    flux, ivar, labels, _ = make_targets(150, snr=(100, 200), reach=0.8)
    for noise in (0.003, 0.01):
        library, options = make_library(1500, noise=noise), MatchOptions()
        found = match(library, flux, ivar, options)
        values = np.einsum("nb,nbk->nk", found.weight, library.labels[found.best])
        rest = rest_of(library, fit_slopes(library.flux, library.labels)[0], flux, ivar, values, found, options)
        assert 0.8 < np.median(rest.chi2 / found.pixels) < 1.3
