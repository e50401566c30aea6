"""Quick forms of convolutions against torch's own, in float64."""

import pytest
import torch
from torch.nn import functional

from mstars.engines.csn.layers import Mixing, Widening, mix, widen


@pytest.mark.parametrize("kernel, stride", [(7, 4), (7, 2), (7, 3), (8, 4), (3, 4), (1, 1)])
def test_a_widening_is_the_transposed_convolution(kernel, stride):
    torch.manual_seed(1)
    layer = Widening(5, 3, kernel, stride).double()
    x = torch.randn(2, 5, 11, dtype=torch.float64, requires_grad=True)
    found = layer(x)
    expected = functional.conv_transpose1d(x, layer.weight, layer.bias, stride)
    assert found.shape == expected.shape and torch.allclose(found, expected, rtol=0, atol=1e-13)
    weight = torch.randn_like(expected)
    for one, other in zip(
        *(torch.autograd.grad((y * weight).sum(), (x, *layer.parameters())) for y in (found, expected)), strict=True
    ):
        assert torch.allclose(one, other, rtol=0, atol=1e-12)
    without = functional.conv_transpose1d(x, layer.weight, None, stride)
    assert torch.allclose(widen(x, layer.weight, None, stride), without, rtol=0, atol=1e-13)


def test_mixing_is_the_convolution_with_kernel_one():
    torch.manual_seed(1)
    layer = Mixing(5, 3, 1).double()
    x = torch.randn(2, 5, 11, dtype=torch.float64)
    assert torch.allclose(layer(x), functional.conv1d(x, layer.weight, layer.bias), rtol=0, atol=1e-13)
    assert torch.allclose(mix(x, layer.weight), functional.conv1d(x, layer.weight), rtol=0, atol=1e-13)
