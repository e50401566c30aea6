"""Convolutions of few channels over many pixels, in forms that a processor computes quickly."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


def widen(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, stride: int) -> torch.Tensor:
    """`torch.nn.functional.conv_transpose1d` with a stride, as a convolution without one.

    Pixel ``stride * i + r`` of the output sees the pixels i, i - 1, ... of the input by every stride-th tap of the
    kernel. So there is one short convolution for each r, and their outputs interleave. With few channels this takes a
    third of the time.

    Parameters
    ----------
    x : Tensor, [n, given, pixel]
    weight : Tensor, [given, made, kernel]
    bias : Tensor, [made], optional
    stride : int

    Returns
    -------
    Tensor, [n, made, (pixel - 1) * stride + kernel]
    """
    given, made, kernel = weight.shape
    taps = -(-kernel // stride)
    short = functional.pad(weight, (0, taps * stride - kernel)).reshape(given, made, taps, stride).flip(2)
    short = short.permute(1, 3, 0, 2).reshape(made * stride, given, taps)
    bias = None if bias is None else bias.repeat_interleave(stride)
    y = functional.conv1d(x, short, bias, padding=taps - 1)
    y = y.unflatten(1, (made, stride)).transpose(2, 3).flatten(2)
    return y[..., : (x.shape[-1] - 1) * stride + kernel]


class Widening(nn.ConvTranspose1d):
    """A transposed convolution without padding, by `widen`."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[n, made, (pixel - 1) * stride + kernel] of [n, given, pixel]."""
        return widen(x, self.weight, self.bias, self.stride[0])


def mix(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """A convolution with kernel 1 and no bias as a product of matrices: [n, made, pixel] of [n, given, pixel]."""
    return torch.matmul(weight[:, :, 0], x)


class Mixing(nn.Conv1d):
    """A convolution with kernel 1, by `mix`."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[n, made, pixel] of [n, given, pixel]."""
        return mix(x, self.weight) + self.bias[:, None]
