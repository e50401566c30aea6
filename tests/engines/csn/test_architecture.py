import numpy as np
import pytest
import torch
from made_csn import TINY, tiny_networks

from mstars.core.errors import InputError
from mstars.engines.csn.architecture import Critics, Generator, Scale, Sizes, start_alike

FULL = {
    "domain": [32, 64],
    "shared": [128, 256, 512],
    "split": [32, 32, 32],
    "shared_latent": 25,
    "split_latent": 4,
    "critic_spectrum": [16, 32, 64, 128, 256],
    "critic_latent": [32, 64, 128, 256, 512],
}


@pytest.mark.parametrize("length, places", [(2303, 5), (2815, 7), (3071, 8)])
def test_spectra_come_back_with_their_length(length, places):
    sizes = Sizes(length, *list(vars(TINY).values())[1:])
    net, critics = Generator(sizes), Critics(sizes)
    x = torch.randn(3, length)
    shared, (obs_shared, split) = net.encode_synth(x), net.encode_obs(x)
    assert shared.shape == obs_shared.shape == (3, 6, places) and split.shape == (3, 2, places)
    assert net.decode_synth(shared).shape == net.decode_obs(obs_shared, split).shape == (3, length)
    assert critics.synth(x, shared).shape == critics.obs(x, torch.cat([shared, split], dim=1)).shape == (3,)


def test_the_full_sizes_have_the_parameters_that_the_layers_say():
    sizes = Sizes.of(FULL, 2815)
    count = sum(value.numel() for value in Generator(sizes).parameters())
    down = [(1, 32), (32, 64)] * 2 + [(64, 128), (128, 256), (256, 512)] + [(64, 32), (32, 32), (32, 32)]
    up = [(512, 256), (256, 128), (128, 64)] + [(32, 32)] * 3 + [(64, 32), (32, 32), (96, 32), (32, 32)]
    expected = sum(7 * a * b + b for a, b in down + up)
    expected += (512 * 25 + 25) + (32 * 4 + 4) + (25 * 512 + 512) + (4 * 32 + 32) + 2 * (32 + 1)
    assert count == expected and 2.4e6 < count < 3.0e6
    assert 0.6e6 < sum(value.numel() for value in Critics(sizes).parameters()) < 1.2e6


def test_a_length_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="2815 or 3071"):
        Sizes.of(FULL, 2901)


def test_the_first_weights_are_glorots_and_of_a_seed():
    first, again, other = tiny_networks(3)[0], tiny_networks(3)[0], tiny_networks(4)[0]
    weight = first.shared_in[0].weight
    assert torch.equal(weight, again.shared_in[0].weight) and not torch.equal(weight, other.shared_in[0].weight)
    bound = np.sqrt(6 / (7 * weight.shape[0] + 7 * weight.shape[1]))  # fan in and fan out
    assert float(weight.detach().abs().max()) <= bound and torch.allclose(
        first.shared_in[0].bias, torch.tensor(0.01, dtype=torch.float64), atol=1e-9
    )


def test_domains_that_start_alike_move_a_spectrum_to_itself():
    net, _ = tiny_networks()
    x = torch.randn(3, TINY.length, dtype=torch.float64)
    assert not torch.allclose(net.encode_synth(x), net.encode_obs(x)[0])
    start_alike(net)
    shared, split = net.encode_obs(x)
    assert torch.equal(net.encode_synth(x), shared)
    with torch.no_grad():
        net.obs_out[0].weight[3:] = 0  # channels of the split latent
    assert torch.allclose(net.decode_obs(shared, split), net.decode_synth(shared), atol=1e-12)


def test_latents_of_observed_spectra_alone_are_aligned():
    net, _ = tiny_networks()
    x = torch.randn(3, TINY.length, dtype=torch.float64)
    synth, (obs, split) = net.encode_synth(x), net.encode_obs(x)
    assert torch.equal(obs, net.encode_raw(x)[0])  # as the networks begin
    n = obs[0].numel()
    means = torch.stack([torch.arange(n, dtype=torch.float64), torch.ones(n, dtype=torch.float64)])
    eye = torch.eye(n, dtype=torch.float64)
    net.align_as(means, torch.stack([4 * eye, eye]))
    again, (obs_again, split_again) = net.encode_synth(x), net.encode_obs(x)
    assert torch.equal(again, synth) and torch.equal(split, split_again)
    assert torch.allclose(obs_again.flatten(1), 2 * (obs.flatten(1) - 1) + means[0], atol=1e-9)


def test_the_split_latent_reaches_observed_spectra_alone():
    net, _ = tiny_networks()
    x = torch.randn(2, TINY.length, dtype=torch.float64)
    shared, split = net.encode_obs(x)
    assert not torch.allclose(net.decode_obs(shared, split), net.decode_obs(shared, split + 1))


def test_the_scale_goes_back():
    scale = Scale(0.9, 0.2, 1963, 2047)
    flux = torch.rand(2, 1963)
    x = scale.apply(flux)
    assert x.shape == (2, 2047) and (x[:, :42] == 0).all() and (x[:, -42:] == 0).all()
    assert torch.allclose(scale.remove(x), flux, atol=1e-6)
