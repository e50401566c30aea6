"""Shared latents of the two domains held alike, beside the critics: what a linear classifier of them would find."""

from __future__ import annotations

import torch
from torch import nn

_RIDGE = 1e-3
"""Of the mean variance, added to the covariance: the instance norm leaves directions in which latents never differ."""

_LONGER = 20


class Alignment(nn.Module):
    """How well the best linear classifier tells latents of the domains apart, from running moments.

    A batch has few spectra, so means and covariances are averages of many batches, of which older ones count less.
    Fisher's discriminant is S^-1 (m_synth - m_obs), with the domains' means m and the mean S of their covariances. It
    needs no training, so the encoders cannot outrun it as they do the critics. Means that lag far behind the encoders
    make them swing; covariances may lag, and those within a batch do not grow while the means move.

    Parameters
    ----------
    features : int
        Of a latent: channels times places.
    memory : float
        Batches after which one counts 1/e as much in the means. The covariance remembers `_LONGER` times as many.
    """

    def __init__(self, features: int, memory: float = 20.0):
        super().__init__()
        self.memory = memory
        for name, shape in (("means", (2, features)), ("covariance", (features, features)), ("weights", (2,))):
            self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))

    def forward(self, synth: torch.Tensor, obs: torch.Tensor) -> torch.Tensor:
        """log(1 + D^2 / 4) after these latents, where D^2 is the squared distance of the means in the metric of S.

        That is -log(1 - R^2) of a linear regression of the domain on the latents. Its gradient is that of the means;
        the covariance counts as given, or else latents could be made alike by making them noisy.

        Parameters
        ----------
        synth, obs : Tensor, [n, channel, place]

        Returns
        -------
        Tensor
            A number; 0.06 where the classifier is right in 60 % of the cases.
        """
        latents = torch.stack([synth.flatten(1), obs.flatten(1)])
        self._remember(latents.detach().double())
        apart = self.means[0] - self.means[1]
        size = self.covariance.diagonal().mean().clamp(min=1e-12)
        metric = self.covariance + _RIDGE * size * torch.eye(len(apart), dtype=apart.dtype, device=apart.device)
        discriminant = torch.linalg.solve(metric, apart)
        value = discriminant @ apart
        # the gradient by the latents is that of the batch's means as if they were the running ones
        way = (latents[0] - latents[1]).mean(dim=0) @ (2 * discriminant / (4 + value)).to(latents)
        return torch.log1p(value / 4).to(latents) + way - way.detach()

    def _remember(self, latents: torch.Tensor) -> None:
        """Take the latents [2, n, feature] of a batch into the running moments."""
        share = 1 / (self.memory * self.weights.new_tensor([1.0, _LONGER]))
        self.weights += share * (1 - self.weights)
        first, second = share / self.weights
        mean, n = latents.mean(dim=1), latents.shape[1]
        off = latents - mean[:, None]
        within = torch.einsum("dni,dnj->ij", off, off) / (2 * max(n - 1, 1))
        self.means += first * (mean - self.means)
        self.covariance += second * (within - self.covariance)
