"""The network of the paper's Fig. 2: four convolutions, four max-pools, one fully connected layer."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from mstars.core.config.keys import plain
from mstars.core.config.networks import DEPTH, Architecture
from mstars.core.constants import CLASSIFIER_PIXELS
from mstars.core.errors import InputError
from mstars.spectra.wavelengths import CLASSIFIER_GRID

GRID = {
    "medium": "vacuum",
    "first_angstrom": float(CLASSIFIER_GRID[0]),
    "step_angstrom": 1.0,
    "n_pixel": len(CLASSIFIER_GRID),
}
"""What the networks see: step 4a of section 3.2, written into every model folder and checked when one is loaded."""


def as_dict(architecture: Architecture) -> dict:
    """Plain values for ``model.json``, with the length of the spectra.

    Parameters
    ----------
    architecture : Architecture

    Returns
    -------
    dict
    """
    return {**plain(architecture), "n_pixel": CLASSIFIER_PIXELS}


def from_dict(values: dict) -> Architecture:
    """The architecture of a ``model.json``.

    Parameters
    ----------
    values : dict
        Of `as_dict`.

    Returns
    -------
    Architecture

    Raises
    ------
    InputError
        When a key is unknown or missing, or the spectra are of another length.
    """
    sizes = {name: size for name, size in values.items() if name != "n_pixel"}
    if set(sizes) != set(Architecture.model_fields) or values.get("n_pixel") != CLASSIFIER_PIXELS:
        wanted = f"{', '.join(Architecture.model_fields)} and n_pixel: {CLASSIFIER_PIXELS}"
        raise InputError(f"architecture: keys {sorted(values)}, expected {wanted}")
    return Architecture(**sizes)


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
        """What the fully connected layer sees.

        Parameters
        ----------
        x : Tensor, [n, n_pixel]
            Spectra.

        Returns
        -------
        Tensor, [n, n_features]
        """
        x = x[:, None, None, :].contiguous(memory_format=torch.channels_last)
        for convolution, pool in zip(self.convolutions, self.architecture.pools, strict=True):
            x = torch.relu(max_pool(convolution(x), pool))
        return x.flatten(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits or scaled labels of spectra.

        Parameters
        ----------
        x : Tensor, [n, n_pixel]

        Returns
        -------
        Tensor, [n, n_out]
        """
        return self.output(self.features(x))


class Members(nn.Module):
    """Several classifiers of one architecture as one network: the logarithm of the mean of their probabilities.

    Trainings that differ in random numbers alone differ in what they say near a boundary; their mean does so less.

    Parameters
    ----------
    networks : sequence of Network
        Of the same architecture and outputs.
    """

    def __init__(self, networks: Sequence[Network]):
        super().__init__()
        self.members = nn.ModuleList(networks)
        self.architecture = networks[0].architecture

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """What the fully connected layer of the first member sees: [n, n_features]."""
        return self.members[0].features(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of spectra [n, n_pixel]: [n, n_out]. Their softmax is the mean of the members'."""
        each = torch.stack([torch.log_softmax(network(x), dim=1) for network in self.members])
        return torch.logsumexp(each, dim=0) - math.log(len(self.members))


def max_pool(x: torch.Tensor, width: int) -> torch.Tensor:
    """Max-pool along the last axis of [n, channel, 1, pixel] in channels-last order.

    Without gradients a width of 2, 4, 8, ... is halved by maxima of whole rows, which gives the same values in a fifth
    of the time: torch's own pool keeps the places of the maxima even where nobody asks for them.

    Parameters
    ----------
    x : Tensor, [n, channel, 1, pixel]
    width : int

    Returns
    -------
    Tensor, [n, channel, 1, pixel // width]
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
