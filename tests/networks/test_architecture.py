"""The network of the paper's Fig. 2."""

import pytest
import torch
from made_networks import SMALL

from mstars.core.config.networks import Architecture
from mstars.core.errors import InputError
from mstars.networks.architecture import build_network, max_pool


def test_architecture_is_the_papers(data):
    network = build_network(Architecture(), 8, seed=1)
    assert sum(isinstance(layer, torch.nn.Conv2d) for layer in network.modules()) == 4
    assert sum(isinstance(layer, torch.nn.Linear) for layer in network.modules()) == 1
    output = network(torch.from_numpy(data[0][:64]))
    assert output.shape == (64, 8)
    assert (output < 0).any()  # no ReLU on the output


def test_pool_before_relu_equals_relu_before_pool(data):
    network = build_network(SMALL, 3, seed=2)
    x = torch.from_numpy(data[0][:5])
    plain = x[:, None, None, :]
    for convolution, pool in zip(network.convolutions, SMALL.pools, strict=True):
        plain = torch.nn.functional.max_pool2d(torch.relu(convolution(plain)), (1, pool))
    torch.testing.assert_close(network.features(x), plain.flatten(1))


@pytest.mark.parametrize(("width", "length"), [(1, 9), (2, 9), (3, 10), (4, 16), (4, 19), (8, 50)])
def test_the_pool_without_gradients_is_torchs_own(width, length):
    x = torch.randn((3, 6, 1, length)).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        pooled = max_pool(x, width)
    assert torch.equal(pooled, torch.max_pool2d(x, (1, width)))


@pytest.mark.parametrize("change", [{"kernels": (3, 3, 3)}, {"pools": (4, 0, 4, 4)}, {"pools": (90, 90, 4, 4)}])
def test_impossible_architecture(change):
    with pytest.raises(InputError, match="networks"):
        Architecture(**change)
