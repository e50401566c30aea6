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
    """Spectra and latents of one batch on all their ways; names say from where to where.

    ``obs_raw`` are the shared latents of observed spectra before they are aligned.
    """

    synth_synth: torch.Tensor
    obs_obs: torch.Tensor
    synth_obs: torch.Tensor
    obs_synth: torch.Tensor
    synth_obs_synth: torch.Tensor
    obs_synth_obs: torch.Tensor
    synth_shared: torch.Tensor
    obs_shared: torch.Tensor
    obs_raw: torch.Tensor
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
    net, n = generator, len(batch.synth)
    synth_shared = net.encode_synth(batch.synth)
    obs_raw, obs_split = net.encode_raw(batch.obs)
    obs_shared = net.aligned(obs_raw)
    # what several ways have in common is computed once
    from_synth, from_obs = net.shared_out(torch.cat([synth_shared, obs_shared])).split(n)
    split = net.split_out(obs_split)
    synth_obs, obs_synth = net.paint_obs(from_synth, split), net.paint_synth(from_obs)
    # encoders see masked pixels as they do in spectra that come in: at the mean
    again_shared, again_split = net.encode_obs(synth_obs * batch.shown)
    back = net.shared_out(torch.cat([again_shared, net.encode_synth(obs_synth * batch.shown)]))
    return Passages(
        synth_synth=net.paint_synth(from_synth),
        obs_obs=net.paint_obs(from_obs, split),
        synth_obs=synth_obs,
        obs_synth=obs_synth,
        synth_obs_synth=net.paint_synth(back[:n]),
        obs_synth_obs=net.paint_obs(back[n:], split),
        synth_shared=synth_shared,
        obs_shared=obs_shared,
        obs_raw=obs_raw,
        obs_split=obs_split,
        synth_obs_split=again_split,
    )


def _rebuilt(critics: Critics, ways: Passages, shown: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of reconstructed pairs: synthetic, observed."""
    both = torch.cat([ways.obs_shared, ways.obs_split], dim=1)
    return critics.synth(ways.synth_synth * shown, ways.synth_shared), critics.obs(ways.obs_obs * shown, both)


def _moved(critics: Critics, ways: Passages, shown: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of transferred pairs: to the synthetic domain, to the observed one."""
    both = torch.cat([ways.synth_shared, ways.synth_obs_split], dim=1)
    return critics.synth(ways.obs_synth * shown, ways.obs_shared), critics.obs(ways.synth_obs * shown, both)


def _entropy(logit: torch.Tensor, target: float) -> torch.Tensor:
    """H(target, C): binary cross entropy of a logit."""
    return functional.binary_cross_entropy_with_logits(logit, torch.full_like(logit, target))


def critic_loss(critics: Critics, ways: Passages, batch: Batch) -> torch.Tensor:
    """L_adv,synth + L_adv,obs of Eq. 5, which the critics minimise; the generator gets no gradient of it."""
    detached = Passages(**{name: value.detach() for name, value in vars(ways).items()})
    return _eq5(critics, detached, batch.shown)


def _eq5(critics: Critics, ways: Passages, shown: torch.Tensor) -> torch.Tensor:
    real, fake = _rebuilt(critics, ways, shown), _moved(critics, ways, shown)
    return sum(_entropy(logit, 1) for logit in real) + sum(_entropy(logit, 0) for logit in fake)


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
    if adversarial == "paper":
        parts["adv"] = -_eq5(critics, ways, batch.shown)
    else:
        parts["adv"] = sum(_entropy(logit, 1) for logit in _moved(critics, ways, batch.shown))
    first, second, third = weights
    total = first * (parts["rec_synth"] + parts["cr_synth"]) + second * (parts["rec_obs"] + parts["cr_obs"])
    return total + third * parts["adv"], parts
