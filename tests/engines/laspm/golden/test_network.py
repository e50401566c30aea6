"""Cleaning by a network: wrong labels leave in some round with a reason, right ones stay, stars are tested whole."""

import numpy as np
import pytest
from made_golden import make_candidates

from mstars.engines.laspm.golden.network import LEAST_STARS, clean_by_network
from mstars.engines.laspm.golden.sample import network_input
from mstars.engines.laspm.golden.settings import Golden

NAMES = ["teff", "logg", "m_h"]
SETTINGS = Golden().model_dump()["network"] | {"steps": 300, "hidden": (64,)}


@pytest.fixture(scope="module")
def stars():
    table, spectra, _ = make_candidates(400, bad=0, snr=(50, 150))
    return network_input(spectra), table[NAMES].to_numpy(), table["star_id"].to_numpy(dtype=str)


def clean(stars, labels=None, star=None, **changes):
    flux, own, names = stars
    labels, star = own if labels is None else labels, names if star is None else star
    return clean_by_network(flux, labels, star, NAMES, SETTINGS | changes, np.random.default_rng(1))


def test_wrong_labels_leave_and_their_reason_names_the_label(stars):
    labels = stars[1].copy()
    wrong = np.arange(0, 400, 20)
    labels[wrong, 0] += np.where(labels[wrong, 0] < 3600, 400, -400)
    found = clean(stars, labels)
    assert (found.removed_in[wrong] > 0).mean() >= 0.9 and set(found.removed_in) <= set(range(6))
    assert np.delete(found.removed_in > 0, wrong).mean() < 0.05
    assert all("network: " in one and "teff" in one for one in found.reason[wrong][found.removed_in[wrong] > 0])
    assert (found.reason[found.removed_in == 0] == "").all()
    assert found.rounds["removed"].sum() == (found.removed_in > 0).sum()
    assert set(found.history) == {"round", "step", "loss", "test_loss"}


def test_each_star_is_tested_once_with_all_its_spectra(stars):
    star = np.repeat([f"s{number}" for number in range(200)], 2)
    found = clean(stars, star=star, limit=(9e9, 9e9, 9e9), steps=20)
    assert np.isfinite(found.predicted).all() and found.rounds["tested"].sum() == 400
    assert (found.rounds["tested"] % 2 == 0).all()


def test_the_limit_of_the_paper_does_not_grow_with_a_bad_test(stars):
    alone = clean(stars, steps=5, limit_sigma=0)
    ours = clean(stars, steps=5)
    assert (alone.removed_in > 0).sum() > (ours.removed_in > 0).sum()


def test_too_few_stars_are_not_tested(stars):
    flux, labels, star = (one[: LEAST_STARS - 1] for one in stars)
    found = clean_by_network(flux, labels, star, NAMES, SETTINGS, np.random.default_rng(1))
    assert not found.removed_in.any() and np.isnan(found.predicted).all() and len(found.rounds) == 0
