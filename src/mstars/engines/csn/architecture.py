"""The networks of section 3.1: encoders and decoders of two domains, a shared and a split latent space, two critics.

Zhang et al. (2025) print no sizes; those of O'Briain et al. (2021) are the defaults of the settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from mstars.engines.csn.alignment import latent_map
from mstars.engines.csn.layers import Mixing, Widening
from mstars.engines.csn.lengths import KERNEL, STRIDES, after, check_length, margins

_SLOPE = 0.1
_DOMAIN = len(STRIDES) - 3


def _bend() -> nn.Module:
    return nn.LeakyReLU(_SLOPE, inplace=True)


@dataclass(frozen=True)
class Sizes:
    """Widths of the networks.

    Attributes
    ----------
    length : int
        Pixels of the padded spectra.
    domain, shared, split : tuple of int
        Channels of the two domain convolutions and of the three of either encoder above them.
    shared_latent, split_latent : int
        Channels of the two latent spaces.
    critic_spectrum, critic_latent : tuple of int
        Channels of the five layers of a critic's two branches.
    """

    length: int
    domain: tuple[int, ...]
    shared: tuple[int, ...]
    split: tuple[int, ...]
    shared_latent: int
    split_latent: int
    critic_spectrum: tuple[int, ...]
    critic_latent: tuple[int, ...]

    @classmethod
    def of(cls, network: Mapping, length: int) -> Sizes:
        """From the settings ``engines.csn.network``."""
        widths = {name: network[name] for name in cls.__dataclass_fields__ if name != "length"}
        return cls.from_dict({**widths, "length": check_length(length)})

    @classmethod
    def from_dict(cls, values: Mapping) -> Sizes:
        """From what a ``model.json`` says."""
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def _down(channels: Sequence[int], strides: Sequence[int]) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for given, made, stride in zip(channels, channels[1:], strides, strict=False):
        layers += [nn.Conv1d(given, made, KERNEL, stride), _bend()]
    return layers


def _up(channels: Sequence[int], strides: Sequence[int]) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for given, made, stride in zip(channels, channels[1:], strides, strict=False):
        kind = Widening if stride > 2 else nn.ConvTranspose1d
        layers += [kind(given, made, KERNEL, stride), _bend()]
    return layers


def _encoder(first: int, channels: Sequence[int], latent: int) -> nn.Sequential:
    down = _down((first, *channels), STRIDES[_DOMAIN:])
    return nn.Sequential(*down, Mixing(channels[-1], latent, 1), nn.InstanceNorm1d(latent))


def _decoder(latent: int, channels: Sequence[int], last: int) -> nn.Sequential:
    reverse = tuple(reversed(channels))
    up = _up((*reverse, last), tuple(reversed(STRIDES[_DOMAIN:])))
    return nn.Sequential(Mixing(latent, reverse[0], 1), _bend(), *up)


def _domain_decoder(given: int, domain: Sequence[int]) -> nn.Sequential:
    reverse = (given, *tuple(reversed(domain[:-1])), domain[0])
    return nn.Sequential(*_up(reverse, tuple(reversed(STRIDES[:_DOMAIN]))), Mixing(domain[0], 1, 1))


class Generator(nn.Module):
    """All encoders and decoders. Spectra are standardised and padded: `Scale`.

    Shared latents z of observed spectra become (z - ``obs_off``) ``obs_matrix`` + ``obs_added``, each flattened to
    [shared_latent * place]. That gives them the mean and the covariance of synthetic ones, or nothing happens, as in
    the paper: see `Generator.align_as`.
    """

    def __init__(self, sizes: Sizes):
        super().__init__()
        wide, narrow = sizes.domain[-1], sizes.split[0]
        self.synth_in = nn.Sequential(*_down((1, *sizes.domain), STRIDES[:_DOMAIN]))
        self.obs_in = nn.Sequential(*_down((1, *sizes.domain), STRIDES[:_DOMAIN]))
        self.shared_in = _encoder(wide, sizes.shared, sizes.shared_latent)
        self.split_in = _encoder(wide, sizes.split, sizes.split_latent)
        self.shared_out = _decoder(sizes.shared_latent, sizes.shared, wide)
        self.split_out = _decoder(sizes.split_latent, sizes.split, narrow)
        self.synth_out = _domain_decoder(wide, sizes.domain)
        self.obs_out = _domain_decoder(wide + narrow, sizes.domain)
        features = sizes.shared_latent * after(sizes.length)
        for name, value in (("off", torch.zeros(features)), ("matrix", torch.eye(features))):
            self.register_buffer(f"obs_{name}", value)
        self.register_buffer("obs_added", torch.zeros(features))

    def encode_synth(self, x: torch.Tensor) -> torch.Tensor:
        """Shared latent of synthetic spectra, [n, shared_latent, place], from [n, length]."""
        return self.shared_in(self.synth_in(x[:, None]))

    def encode_obs(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Shared and split latent of observed spectra."""
        raw, split = self.encode_raw(x)
        return self.aligned(raw), split

    def encode_raw(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Shared latent of observed spectra before it is aligned, and split latent."""
        low = self.obs_in(x[:, None])
        return self.shared_in(low), self.split_in(low)

    def aligned(self, raw: torch.Tensor) -> torch.Tensor:
        """Shared latents of observed spectra, [n, shared_latent, place], of those of `encode_raw`."""
        return ((raw.flatten(1) - self.obs_off) @ self.obs_matrix + self.obs_added).view_as(raw)

    @torch.no_grad()
    def align_as(self, means: torch.Tensor, covariances: torch.Tensor) -> None:
        """Align raw latents of these means [2, p] and covariances [2, p, p]: synthetic, observed."""
        for name, value in zip(("off", "matrix", "added"), latent_map(means, covariances), strict=True):
            getattr(self, f"obs_{name}").copy_(value)

    def decode_synth(self, shared: torch.Tensor) -> torch.Tensor:
        """Synthetic spectra, [n, length]."""
        return self.paint_synth(self.shared_out(shared))

    def decode_obs(self, shared: torch.Tensor, split: torch.Tensor) -> torch.Tensor:
        """Observed spectra, [n, length]."""
        return self.paint_obs(self.shared_out(shared), self.split_out(split))

    def paint_synth(self, shared: torch.Tensor) -> torch.Tensor:
        """Synthetic spectra, [n, length], of what ``shared_out`` makes of a latent."""
        return self.synth_out(shared)[:, 0]

    def paint_obs(self, shared: torch.Tensor, split: torch.Tensor) -> torch.Tensor:
        """Observed spectra, [n, length], of what ``shared_out`` and ``split_out`` make of latents."""
        return self.obs_out(torch.cat([shared, split], dim=1))[:, 0]


class Critic(nn.Module):
    """Tells reconstructed from transferred pairs of spectrum and latent: a logit, positive for reconstructed."""

    def __init__(self, sizes: Sizes, latent: int):
        super().__init__()
        spectrum, channels = [], (1, *sizes.critic_spectrum)
        length = sizes.length
        for given, made in zip(channels, channels[1:], strict=False):
            kernel = min(KERNEL, length)
            spectrum += [nn.Conv1d(given, made, kernel, 4), _bend()]
            length = (length - kernel) // 4 + 1
        self.spectrum = nn.Sequential(*spectrum, nn.Flatten())
        widths = (latent, *sizes.critic_latent)
        layers = [(Mixing(a, b, 1), _bend()) for a, b in zip(widths, widths[1:], strict=False)]
        self.latent = nn.Sequential(*[layer for pair in layers for layer in pair], nn.Flatten())
        places = after(sizes.length)
        self.judge = nn.Linear(channels[-1] * length + widths[-1] * places, 1)

    def forward(self, x: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
        """Logits, [n], of spectra [n, length] and latents [n, channel, place]."""
        return self.judge(torch.cat([self.spectrum(x[:, None]), self.latent(latent)], dim=1))[:, 0]


class Critics(nn.Module):
    """One for each domain; that of the observed domain sees both latents."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        self.synth = Critic(sizes, sizes.shared_latent)
        self.obs = Critic(sizes, sizes.shared_latent + sizes.split_latent)


def initialise(network: nn.Module, generator: torch.Generator) -> nn.Module:
    """Glorot-uniform weights, biases of 0.01, from a generator of random numbers."""
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d | nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            nn.init.constant_(module.bias, 0.01)
    return network


@torch.no_grad()
def start_alike(generator: Generator) -> None:
    """Give the networks of the observed domain the weights of the synthetic one's, in place.

    A spectrum is then moved to itself but for what the split latent adds, and the domains part as far as their spectra
    differ. From unlike weights the training can also end where hot stars of one domain are cool ones of the other:
    no loss of section 3.2 forbids it.
    """
    generator.obs_in.load_state_dict(generator.synth_in.state_dict())
    for name, value in generator.synth_out.named_parameters():
        own = generator.obs_out.get_parameter(name)
        # the first layer has channels of the split latent too, behind the shared ones
        own[: len(value)] = value


@dataclass(frozen=True)
class Scale:
    """From normalised flux on the grid to what the networks see, and back.

    Attributes
    ----------
    mean, std : float
        Of the synthetic set's flux.
    n_pixel, length : int
        Before and after the padding.
    """

    mean: float
    std: float
    n_pixel: int
    length: int

    def apply(self, flux: torch.Tensor) -> torch.Tensor:
        """Standardised, and padded with zeros, which is the mean flux: [n, length] from [n, n_pixel]."""
        return self.pad((flux - self.mean) / self.std)

    def given(self, flux: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
        """What the networks see of flux, [n, length]: the mean wherever ``shown``, [length], is 0."""
        return self.apply(flux) * shown

    def pad(self, values: torch.Tensor) -> torch.Tensor:
        """Zeros on both sides: [..., length] from [..., n_pixel]."""
        return functional.pad(values, margins(self.n_pixel, self.length))

    def remove(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised flux on the grid."""
        left, _ = margins(self.n_pixel, self.length)
        return x[:, left : left + self.n_pixel] * self.std + self.mean
