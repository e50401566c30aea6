"""The map that gives latents of observed spectra the mean and the covariance of synthetic ones."""

import numpy as np
import pytest
import torch

from mstars.engines.csn.alignment import Moments, latent_map, transport
from mstars.engines.csn.latents import told_apart


def covariance(seed, features=6):
    mixing = np.random.default_rng(seed).normal(0, 1, (features, features))
    return torch.from_numpy(mixing @ mixing.T + 0.1 * np.eye(features))


def as_given(values):
    """[n, channel, place] of [n, feature]."""
    return torch.from_numpy(values).reshape(len(values), 2, -1)


def test_the_map_gives_the_wanted_covariance_and_is_symmetric():
    given, wanted = covariance(1), covariance(2)
    found = transport(given, wanted)
    assert torch.allclose(found @ given @ found, wanted, atol=1e-9) and torch.allclose(found, found.T, atol=1e-9)


def test_the_map_is_that_of_numbers_where_there_is_one_feature():
    given, wanted = (torch.tensor([[value]], dtype=torch.float64) for value in (4.0, 9.0))
    assert float(transport(given, wanted)) == pytest.approx(1.5)


def test_no_other_map_to_that_covariance_moves_vectors_less():
    given, wanted = covariance(3), covariance(4)
    best = transport(given, wanted)
    values, vectors = torch.linalg.eigh(given)
    whitened, root = (vectors / values.sqrt()) @ vectors.T, torch.linalg.cholesky(wanted)
    draws = np.random.default_rng(5)
    turned = [torch.from_numpy(np.linalg.qr(draws.normal(0, 1, (6, 6)))[0]) for _ in range(50)]

    def moved(matrix):
        off = matrix - torch.eye(6, dtype=torch.float64)
        return float(torch.trace(off @ given @ off.T))

    others = [root @ turn @ whitened for turn in turned]
    assert all(torch.allclose(one @ given @ one.T, wanted, atol=1e-8) for one in others)
    assert moved(best) < min(map(moved, others))


def test_latents_of_the_same_moments_are_left_as_they_are():
    same = covariance(1)
    off, matrix, added = latent_map(torch.ones(2, 6, dtype=torch.float64), torch.stack([same, same]))
    assert torch.equal(off, added) and torch.allclose(matrix, torch.eye(6, dtype=torch.float64), atol=1e-9)


def test_moments_are_running_means_in_which_older_batches_count_less():
    draws, memory = np.random.default_rng(2), (4.0, 8.0)
    batches = [tuple(draws.normal(off, 1, (5, 6)) for off in (0, 1)) for _ in range(9)]
    moments = Moments(6, memory)
    for synth, obs in batches:
        moments.remember(as_given(synth), as_given(obs))
    for domain in range(2):
        age = np.arange(len(batches))[::-1]
        slow, fast = ((1 - 1 / one) ** age for one in memory)
        mean = sum(w * pair[domain].mean(axis=0) for w, pair in zip(slow, batches, strict=True)) / slow.sum()
        within = sum(w * np.cov(pair[domain].T) for w, pair in zip(fast, batches, strict=True)) / fast.sum()
        assert moments.means[domain].numpy() == pytest.approx(mean, rel=1e-9)
        assert moments.covariances[domain].numpy() == pytest.approx(within, rel=1e-9)


def test_networks_look_at_the_moments_when_there_are_enough_of_them():
    moments, latents = Moments(60), torch.zeros(5, 2, 30)
    seen = []
    for _ in range(60):
        moments.remember(latents, latents)
        seen.append(moments.due)
    # 60 features ask for 90 latents, and a batch of 5 has 4 beside its mean
    assert [number + 1 for number, due in enumerate(seen) if due] == [40, 60]


def test_aligned_latents_cannot_be_told_apart_where_they_vary_least_either():
    draws = np.random.default_rng(3)
    scale = np.array([1, 1, 1, 1, 1, 0.02])
    synth, obs = draws.normal(0, 1, (2, 4000, 6)) * scale
    obs[:, 0] *= 2
    synth[:, 5] += 0.1  # five standard deviations of the least feature
    moments = Moments(6)
    for first in range(0, 2000, 8):
        part = slice(first, first + 8)
        moments.remember(as_given(synth[part]), as_given(obs[part]))
    off, matrix, added = (value.numpy() for value in latent_map(moments.means, moments.covariances))
    assert told_apart(synth[2000:], obs[2000:], seed=1) > 0.95
    assert told_apart(synth[2000:], (obs[2000:] - off) @ matrix + added, seed=1) < 0.6
