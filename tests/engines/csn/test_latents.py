import numpy as np
import pytest

from mstars.engines.csn.latents import explained, told_apart


def test_two_samples_of_one_kind_are_not_told_apart_and_others_are():
    draws = np.random.default_rng(1)
    one, same, other = draws.normal(0, 1, (200, 6)), draws.normal(0, 1, (200, 6)), draws.normal(0.8, 1, (200, 6))
    assert told_apart(one, same, seed=1) == pytest.approx(0.5, abs=0.08) and told_apart(one, other, seed=1) > 0.8
    assert np.isnan(told_apart(one[:5], other, seed=1))


def test_a_latent_space_explains_the_labels_it_holds():
    draws = np.random.default_rng(1)
    labels = draws.normal(0, 1, (300, 2))
    latent = np.column_stack([labels[:, 0] + 0.3 * draws.normal(0, 1, 300), draws.normal(0, 1, (300, 3))])
    first, second = explained(latent, labels, seed=1)
    assert first > 0.85 and second < 0.05
