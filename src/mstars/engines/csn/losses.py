"""The losses of section 3.2: Eqs. 4 to 7 of Zhang et al. 2025."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from mstars.engines.csn.architecture import Critics, Generator

ADVERSARIAL = ("non_saturating", "paper")


@dataclass
class Batch:
    """Spectra of both domains, standardised and padded, with the weight of each pixel in d.

    Attributes
    ----------
    synth, obs : Tensor, [n, length]
    synth_weight, obs_weight : Tensor, [n, length]
        1 / error^2, 0 where a pixel is masked, padded or no measurement.
    shown : Tensor, [length]
        1 where the critics see a pixel of a decoded spectrum, 0 where all are masked.
    """

    synth: torch.Tensor
    obs: torch.Tensor
    synth_weight: torch.Tensor
    obs_weight: torch.Tensor
    shown: torch.Tensor


@dataclass
class Passages:
    """Spectra and latents of one batch on all their ways; names say from where to where."""

    synth_synth: torch.Tensor
    obs_obs: torch.Tensor
    synth_obs: torch.Tensor
    obs_synth: torch.Tensor
    synth_obs_synth: torch.Tensor
    obs_synth_obs: torch.Tensor
    synth_shared: torch.Tensor
    obs_shared: torch.Tensor
    obs_split: torch.Tensor
    synth_obs_split: torch.Tensor


def distance(x: torch.Tensor, y: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """d of Eqs. 4 and 6: the mean squared error, with the pixels weighted by 1 / error^2."""
    return ((x - y).square() * weight).mean()


def passages(generator: Generator, batch: Batch) -> Passages:
    """Send a batch along all ways.

    A synthetic spectrum goes to the observed domain with the split latent of the observed spectrum beside it in the
    batch; on the cycle from the observed domain and back, a spectrum keeps its own.
    """
    synth_shared = generator.encode_synth(batch.synth)
    obs_shared, obs_split = generator.encode_obs(batch.obs)
    synth_obs = generator.decode_obs(synth_shared, obs_split)
    obs_synth = generator.decode_synth(obs_shared)
    # encoders see masked pixels as they do in spectra that come in: at the mean
    again_shared, again_split = generator.encode_obs(synth_obs * batch.shown)
    return Passages(
        synth_synth=generator.decode_synth(synth_shared),
        obs_obs=generator.decode_obs(obs_shared, obs_split),
        synth_obs=synth_obs,
        obs_synth=obs_synth,
        synth_obs_synth=generator.decode_synth(again_shared),
        obs_synth_obs=generator.decode_obs(generator.encode_synth(obs_synth * batch.shown), obs_split),
        synth_shared=synth_shared,
        obs_shared=obs_shared,
        obs_split=obs_split,
        synth_obs_split=again_split,
    )


def _judged(critics: Critics, ways: Passages, shown: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Logits of reconstructed and transferred pairs: synthetic, synthetic, observed, observed."""
    both = torch.cat([ways.obs_shared, ways.obs_split], dim=1)
    moved = torch.cat([ways.synth_shared, ways.synth_obs_split], dim=1)
    return (
        critics.synth(ways.synth_synth * shown, ways.synth_shared),
        critics.synth(ways.obs_synth * shown, ways.obs_shared),
        critics.obs(ways.obs_obs * shown, both),
        critics.obs(ways.synth_obs * shown, moved),
    )


def _entropy(logit: torch.Tensor, target: float) -> torch.Tensor:
    """H(target, C): binary cross entropy of a logit."""
    return functional.binary_cross_entropy_with_logits(logit, torch.full_like(logit, target))


def critic_loss(critics: Critics, ways: Passages, batch: Batch) -> torch.Tensor:
    """L_adv,synth + L_adv,obs of Eq. 5, which the critics minimise; the generator gets no gradient of it."""
    detached = Passages(**{name: value.detach() for name, value in vars(ways).items()})
    synth, synth_fake, obs, obs_fake = _judged(critics, detached, batch.shown)
    return _entropy(synth, 1) + _entropy(synth_fake, 0) + _entropy(obs, 1) + _entropy(obs_fake, 0)


def generator_losses(
    critics: Critics, ways: Passages, batch: Batch, weights: tuple[float, float, float], adversarial: str
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The total of Eq. 7 as the encoders and decoders minimise it, and its parts.

    Parameters
    ----------
    critics : Critics
    ways : Passages
    batch : Batch
    weights : (float, float, float)
        lambda_1 (synthetic), lambda_2 (observed), lambda_3 (adversarial).
    adversarial : {"non_saturating", "paper"}
        ``paper``: the generator maximises Eq. 5. ``non_saturating``: it minimises the cross entropy of its transferred
        spectra with 1, which has the same fixed point and a gradient where the critics are sure.

    Returns
    -------
    total : Tensor
    parts : dict of Tensor
        rec_synth, rec_obs (Eq. 4), adv (see above), cr_synth, cr_obs (Eq. 6).
    """
    parts = {
        "rec_synth": distance(ways.synth_synth, batch.synth, batch.synth_weight),
        "rec_obs": distance(ways.obs_obs, batch.obs, batch.obs_weight),
        "cr_synth": distance(ways.synth_obs_synth, batch.synth, batch.synth_weight),
        "cr_obs": distance(ways.obs_synth_obs, batch.obs, batch.obs_weight),
    }
    synth, synth_fake, obs, obs_fake = _judged(critics, ways, batch.shown)
    if adversarial == "paper":
        parts["adv"] = -(_entropy(synth, 1) + _entropy(synth_fake, 0) + _entropy(obs, 1) + _entropy(obs_fake, 0))
    else:
        parts["adv"] = _entropy(synth_fake, 1) + _entropy(obs_fake, 1)
    first, second, third = weights
    total = first * (parts["rec_synth"] + parts["cr_synth"]) + second * (parts["rec_obs"] + parts["cr_obs"])
    return total + third * parts["adv"], parts
