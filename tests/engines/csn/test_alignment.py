"""The loss that holds the latents of the domains alike, against plain forms in float64."""

import numpy as np
import pytest
import torch

from mstars.engines.csn.alignment import Alignment
from mstars.engines.csn.latents import told_apart

RIDGE = 1e-3


def latents(draws, n, features=6, off=0.0):
    mixing = np.random.default_rng(0).normal(0, 1, (features, features))
    return draws.normal(0, 1, (n, features)) @ mixing + off * mixing[0]


def as_given(values):
    """[n, channel, place] of [n, feature]."""
    return torch.from_numpy(values).reshape(len(values), 2, -1)


def test_the_loss_is_what_a_linear_regression_of_the_domain_leaves():
    draws = np.random.default_rng(1)
    synth, obs = latents(draws, 400), latents(draws, 400, off=0.8)
    found = float(Alignment(6, memory=1)(as_given(synth), as_given(obs)))
    x, y = np.concatenate([synth, obs]), np.repeat([-1.0, 1.0], 400)
    x = np.column_stack([x, np.ones(len(x))])
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    assert found == pytest.approx(-np.log(np.mean(left**2)), rel=0.02)


def test_moments_are_running_means_in_which_older_batches_count_less():
    draws, memory = np.random.default_rng(2), 4.0
    batches = [(latents(draws, 5), latents(draws, 5, off=1.0)) for _ in range(9)]
    alignment = Alignment(6, memory)
    for synth, obs in batches:
        found = float(alignment(as_given(synth), as_given(obs)))
    means, covariance, weights = [np.zeros(6), np.zeros(6)], np.zeros((6, 6)), np.zeros(2)
    for pair in batches:
        share = 1 / (memory * np.array([1, 20]))
        weights = (1 - share) * weights + share
        step, slow = share / weights
        means = [(1 - step) * old + step * new.mean(axis=0) for old, new in zip(means, pair, strict=True)]
        covariance = (1 - slow) * covariance + slow * (np.cov(pair[0].T) + np.cov(pair[1].T)) / 2
    metric = covariance + RIDGE * np.trace(covariance) / 6 * np.eye(6)
    apart = means[0] - means[1]
    assert found == pytest.approx(np.log(1 + apart @ np.linalg.inv(metric) @ apart / 4), rel=1e-9)
    assert alignment.means.numpy() == pytest.approx(np.stack(means), rel=1e-9)


def test_going_down_the_gradient_makes_latents_alike_that_differ_where_they_vary_least():
    draws = np.random.default_rng(3)
    scale = np.array([1, 1, 1, 1, 1, 0.02])
    synth, obs = (draws.normal(0, 1, (3000, 6)) * scale for _ in range(2))
    synth[:, 5] += 0.1  # five standard deviations of the least feature
    moved = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    adam, alignment = torch.optim.Adam([moved], lr=0.002), Alignment(6, memory=20)
    assert told_apart(synth, obs, seed=1) > 0.95
    for _ in range(300):
        rows = draws.integers(0, 3000, (2, 8))
        loss = alignment(as_given(synth[rows[0]]), (torch.from_numpy(obs[rows[1]]) + moved).reshape(8, 2, -1))
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert told_apart(synth, obs + moved.detach().numpy(), seed=1) < 0.6
