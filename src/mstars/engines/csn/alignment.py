"""Shared latents of the two domains held alike: the same mean and covariance, as a linear classifier would see them."""

from __future__ import annotations

import torch
from torch import nn

_RIDGE = 1e-2
"""Of the mean variance, added to covariances: the instance norm leaves directions in which latents never differ."""

_MEMORY = (100.0, 400.0)
"""Batches after which one counts 1/e as much in the means and in the covariances."""

_ENOUGH = 1.5
"""Latents must be so many times as many as their features before their covariance is used."""

_EVERY = 20
"""Batches between two looks at the moments: two roots of a matrix take as long as a fifth of a batch."""


def transport(covariance: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """The symmetric map that gives vectors of a covariance the wanted one and moves them least, all [p, p].

    It is the optimal transport between two normal distributions: A = C^-1/2 (C^1/2 W C^1/2)^1/2 C^-1/2, with which
    A C A = W. See Peyre & Cuturi (2019), *Computational Optimal Transport*, remark 2.31.
    """
    root, inverse = _roots(covariance)
    return inverse @ _roots(root @ wanted @ root)[0] @ inverse


def _roots(matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Square root of a positive definite matrix, and the root's inverse."""
    values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2)
    root = values.clamp(min=1e-12).sqrt()
    return (vectors * root) @ vectors.T, (vectors / root) @ vectors.T


def latent_map(means: torch.Tensor, covariances: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What is taken off observed latents, what they are multiplied by, and what is added then.

    Parameters
    ----------
    means : Tensor, [2, p]
        Of the synthetic and of the observed latents.
    covariances : Tensor, [2, p, p]

    Returns
    -------
    off : Tensor, [p]
    matrix : Tensor, [p, p]
    added : Tensor, [p]
    """
    size = covariances.diagonal(dim1=1, dim2=2).mean(dim=1).clamp(min=1e-12)
    eye = torch.eye(means.shape[1], dtype=means.dtype, device=means.device)
    synth, obs = covariances + _RIDGE * size[:, None, None] * eye
    return means[1], transport(obs, synth), means[0]


class Moments(nn.Module):
    """Running means and covariances of the latents of both domains.

    A batch has few spectra, so they are averages of many batches, of which older ones count less. Covariances are those
    within a batch, which do not grow while the means move.

    Parameters
    ----------
    features : int
        Of a latent: channels times places.
    memory : (float, float)
        See `_MEMORY`.
    """

    def __init__(self, features: int, memory: tuple[float, float] = _MEMORY):
        super().__init__()
        self.memory = memory
        for name, shape in (("means", (2, features)), ("covariances", (2, features, features)), ("weights", (2,))):
            self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))
        for name in ("batches", "free"):
            self.register_buffer(name, torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def remember(self, synth: torch.Tensor, obs: torch.Tensor) -> None:
        """Take the latents of a batch, [n, channel, place] each, into the moments."""
        latents = torch.stack([synth.flatten(1), obs.flatten(1)]).double()
        share = 1 / self.weights.new_tensor(self.memory)
        self.weights += share * (1 - self.weights)
        first, second = share / self.weights
        mean, n = latents.mean(dim=1), latents.shape[1]
        off = latents - mean[:, None]
        self.means += first * (mean - self.means)
        self.covariances += second * (off.transpose(1, 2) @ off / max(n - 1, 1) - self.covariances)
        self.batches += 1
        self.free += n - 1

    @property
    def due(self) -> bool:
        """Whether the networks should look at the moments now."""
        enough = int(self.free) >= _ENOUGH * self.means.shape[1]
        return enough and int(self.batches) % _EVERY == 0
