from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_csn import alike_passage

from mstars.engines.csn.latents import explained, separability, told_apart


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


def test_domains_that_are_alike_are_told_apart_by_other_labels_and_not_by_the_same(small_emulator):
    """Latents are the spectra themselves; observed stars are cooler than the synthetic set."""
    passage = alike_passage(small_emulator)
    passage.generator = SimpleNamespace(encode_synth=lambda x: passage.scale.remove(x)[:, None])
    draws = np.random.default_rng(4)
    own, synthetic = (draws.uniform([low, -0.3, -0.3], [low + 0.35, 0.3, 0.3], (80, 3)) for low in (-0.4, 0.05))
    labels = [passage.whole(torch.from_numpy(values)) for values in (own, synthetic)]
    flux = passage.emulator.of_scaled(labels[0]).numpy()
    flux = (flux + draws.normal(0, 0.003, flux.shape)).astype(np.float32)
    found = separability(passage, flux, passage.emulator.unscaled(labels[1]).numpy(), seed=1)
    assert found["told_apart_shared"] > 0.9 and found["told_apart_spectra"] > 0.9
    assert found["told_apart_same_labels"] < 0.65
