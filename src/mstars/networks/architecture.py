"""The network of the paper's Fig. 2: four convolutions, four max-pools, one fully connected layer."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields

import torch
from torch import nn

from mstars.core.errors import InputError
from mstars.spectra.wavelengths import CLASSIFIER_GRID

GRID = {
    "medium": "vacuum",
    "first_angstrom": float(CLASSIFIER_GRID[0]),
    "step_angstrom": 1.0,
    "n_pixel": len(CLASSIFIER_GRID),
}
"""What the networks see: step 4a of section 3.2, written into every model folder and checked when one is loaded."""

DEPTH = 4


@dataclass(frozen=True)
class Architecture:
    """Sizes that the paper does not publish; each a tuple of four, one a layer.

    Attributes
    ----------
    channels : tuple of int
        Output channels of the convolutions.
    kernels, strides : tuple of int
        Kernel sizes and strides of the convolutions, pixels. No padding.
    pools : tuple of int
        Widths (and strides) of the max-pools, pixels.
    n_pixel : int
        Length of an input spectrum.
    """

    channels: tuple[int, ...] = (8, 16, 32, 64)
    kernels: tuple[int, ...] = (11, 9, 7, 5)
    strides: tuple[int, ...] = (2, 1, 1, 1)
    pools: tuple[int, ...] = (4, 4, 4, 2)
    n_pixel: int = field(default=len(CLASSIFIER_GRID))

    def __post_init__(self):
        for name in ("channels", "kernels", "strides", "pools"):
            value = tuple(int(item) for item in getattr(self, name))
            if len(value) != DEPTH or min(value) < 1:
                raise InputError(f"networks.{name}: {list(value)} is not a list of {DEPTH} positive integers")
            object.__setattr__(self, name, value)
        if self.lengths()[-1] < 1:
            raise InputError(f"networks: kernels, strides and pools leave nothing of {self.n_pixel} pixels")

    @classmethod
    def from_dict(cls, values: dict) -> Architecture:
        """The architecture of a config section or a ``model.json``; an unknown or missing key is an `InputError`."""
        known = {item.name for item in fields(cls)}
        if set(values) != known:
            raise InputError(f"architecture: keys {sorted(values)}, expected {sorted(known)}")
        return cls(**values)

    def as_dict(self) -> dict:
        """Plain values for JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    def lengths(self) -> list[int]:
        """Pixels left after each layer."""
        lengths, length = [], self.n_pixel
        for kernel, stride, pool in zip(self.kernels, self.strides, self.pools, strict=True):
            length = ((length - kernel) // stride + 1) // pool
            lengths.append(length)
        return lengths

    @property
    def n_features(self) -> int:
        """Inputs of the fully connected layer."""
        return self.lengths()[-1] * self.channels[-1]


class Network(nn.Module):
    """Four blocks of convolution, max-pool and ReLU, then one fully connected layer without activation.

    The spectra are images one pixel high in channels-last order, for which the CPU has the fastest kernels, and the
    pool comes before the ReLU: the two commute, and the ReLU then sees a quarter of the pixels.
    """

    def __init__(self, architecture: Architecture, n_out: int):
        super().__init__()
        self.architecture = architecture
        widths = (1, *architecture.channels)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(widths[i], widths[i + 1], (1, architecture.kernels[i]), (1, architecture.strides[i]))
            for i in range(DEPTH)
        )
        self.output = nn.Linear(architecture.n_features, n_out)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """What the fully connected layer sees: [n, n_features] for spectra [n, n_pixel]."""
        x = x[:, None, None, :].contiguous(memory_format=torch.channels_last)
        for convolution, pool in zip(self.convolutions, self.architecture.pools, strict=True):
            x = torch.relu(_max_pool(convolution(x), pool))
        return x.flatten(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits or scaled labels [n, n_out] of spectra [n, n_pixel]."""
        return self.output(self.features(x))


def _max_pool(x: torch.Tensor, width: int) -> torch.Tensor:
    """Max-pool along the last axis of [n, channel, 1, pixel] in channels-last order.

    Without gradients a width of 2, 4, 8, ... is halved by maxima of whole rows, which gives the same values in a fifth
    of the time: torch's own pool keeps the places of the maxima even where nobody asks for them.
    """
    if torch.is_grad_enabled() or width & (width - 1):
        return torch.max_pool2d(x, (1, width))
    n, channels, _, length = x.shape
    pixels = x.permute(0, 2, 3, 1)[:, 0, : length - length % width].reshape(n, length // width, width * channels)
    while width > 1:
        width //= 2
        half = width * channels
        pixels = torch.maximum(pixels[..., :half], pixels[..., half:])
    return pixels[:, None].permute(0, 3, 1, 2)


def build_network(architecture: Architecture, n_out: int, seed: int | None = None) -> Network:
    """A network with He-normal weights and zero biases.

    Parameters
    ----------
    architecture : Architecture
        Layer sizes.
    n_out : int
        Classes or labels.
    seed : int, optional
        Seed of the initial weights; without one they come from torch's global state.

    Returns
    -------
    Network
        On the CPU, in channels-last memory format.
    """
    with torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        network = Network(architecture, n_out)
        for layer in network.convolutions:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        nn.init.normal_(network.output.weight, std=architecture.n_features**-0.5)
        nn.init.zeros_(network.output.bias)
    return network.to(memory_format=torch.channels_last)
