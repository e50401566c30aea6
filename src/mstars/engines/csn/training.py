"""The training of Cycle-StarNet (sections 3.2 to 3.4): one generator step, one critic step, over and over."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from mstars.core.errors import InputError
from mstars.engines.csn.alignment import Moments
from mstars.engines.csn.architecture import Critics, Generator, Scale, Sizes, initialise, start_alike
from mstars.engines.csn.emulator import Emulator
from mstars.engines.csn.lengths import after
from mstars.engines.csn.losses import Batch, critic_loss, generator_losses, passages
from mstars.networks.checkpoint import NAME, read_checkpoint, write_checkpoint

logger = logging.getLogger("mstars")

_MOST_CRITIC_LOSS = 50.0
"""Four cross entropies of critics that guess add up to 2.8. Critics whose mean loss is above this have diverged."""

_MEASURED = 5000
"""The most spectra of either domain of which the latents' moments are measured for the weights that are used."""

_CHUNK = 256


@dataclass
class Domains:
    """The two training sets.

    Attributes
    ----------
    flux, ivar : ndarray of float32, [n, pixel]
        Observed spectra, normalised; may be memory-mapped.
    rows : ndarray of int
        Those to train on.
    labels : ndarray, [m, 4]
        Of the synthetic spectra, in K and dex; the emulator makes their flux when they are needed.
    emulator : Emulator
    scale : Scale
    used : ndarray of bool, [pixel]
        Pixels outside the masks.
    synth_error, least_error : float
        The error of normalised synthetic flux, and the least of observed flux.
    """

    flux: np.ndarray
    ivar: np.ndarray
    rows: np.ndarray
    labels: np.ndarray
    emulator: Emulator
    scale: Scale
    used: np.ndarray
    synth_error: float
    least_error: float

    @torch.no_grad()
    def batch(self, draws: np.random.Generator, size: int, device: torch.device) -> Batch:
        """Random spectra of both domains, drawn with replacement."""
        rows = np.sort(draws.choice(self.rows, size))
        chosen, shown = draws.integers(0, len(self.labels), size), self.shown
        ivar = np.minimum(self.ivar[rows], np.float32(self.least_error**-2)) * self.scale.std**2
        weight = torch.full((size, len(shown)), (self.scale.std / self.synth_error) ** 2) * shown
        return Batch(
            synth=self.synthetic(chosen).to(device),
            obs=self.observed(rows).to(device),
            synth_weight=weight.to(device),
            obs_weight=(self.scale.pad(torch.from_numpy(ivar.astype(np.float32))) * shown).to(device),
            shown=shown.to(device),
        )

    @cached_property
    def shown(self) -> torch.Tensor:
        """1 for pixels that the networks see, 0 for masked and padded ones, [length]."""
        return self.scale.pad(torch.from_numpy(self.used.astype(np.float32)))

    @torch.no_grad()
    def synthetic(self, rows: np.ndarray) -> torch.Tensor:
        """Synthetic spectra of some labels as the networks see them, [n, length]."""
        return self.scale.given(self.emulator(torch.from_numpy(self.labels[rows])), self.shown)

    def observed(self, rows: np.ndarray) -> torch.Tensor:
        """Observed spectra as the networks see them, [n, length]."""
        return self.scale.given(torch.from_numpy(self.flux[rows]), self.shown)


def flux_scale(emulator: Emulator, labels: np.ndarray, used: np.ndarray, length: int, most: int = 2000) -> Scale:
    """Mean and standard deviation of the synthetic set's flux outside the masks, from up to ``most`` spectra."""
    with torch.no_grad():
        flux = emulator(torch.from_numpy(labels[:most])).double()[:, torch.from_numpy(used)]
    return Scale(float(flux.mean()), float(flux.std()), len(used), length)


@dataclass
class Trainer:
    """Networks with their optimisers, one step at a time.

    Attributes
    ----------
    generator, critics : Module
    optimizers : dict of str to Adam
        ``generator`` and ``critics``.
    weights : (float, float, float)
        lambda_1, lambda_2, lambda_3 of Eq. 7.
    adversarial : str
        See `generator_losses`.
    moments : Moments
        Of the shared latents.
    alignment : str
        ``network.alignment`` of the settings: moments, or none as in the paper.
    average : Generator
        Running mean of the generator's weights.
    """

    generator: Generator
    critics: Critics
    optimizers: dict[str, torch.optim.Adam]
    weights: tuple[float, float, float]
    adversarial: str
    moments: Moments
    alignment: str
    average: Generator = field(init=False)

    def __post_init__(self) -> None:
        self.average = copy.deepcopy(self.generator).requires_grad_(False)

    @classmethod
    def fresh(cls, sizes: Sizes, network: dict, seed: int, device: torch.device) -> Trainer:
        """Networks with first weights of a seed."""
        draws = torch.Generator().manual_seed(seed)
        generator = initialise(Generator(sizes), draws).to(device)
        critics = initialise(Critics(sizes), draws).to(device)
        if network["start"] == "alike":
            start_alike(generator)
        rate = network["learning_rate"]
        optimizers = {
            name: torch.optim.Adam(part.parameters(), lr=rate, betas=(0.5, 0.999), fused=True)
            for name, part in (("adam_generator", generator), ("adam_critics", critics))
        }
        moments = Moments(sizes.shared_latent * after(sizes.length)).to(device)
        weights, adversarial = tuple(network["weights"]), network["adversarial"]
        return cls(generator, critics, optimizers, weights, adversarial, moments, network["alignment"])

    def step(self, batch: Batch, rate: float) -> dict[str, float]:
        """One step of the generator, then one of the critics on the same spectra; the losses before them."""
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = rate
        ways = passages(self.generator, batch)
        self.critics.requires_grad_(False)
        total, parts = generator_losses(self.critics, ways, batch, self.weights, self.adversarial)
        self.optimizers["adam_generator"].zero_grad(set_to_none=True)
        total.backward()
        self.optimizers["adam_generator"].step()
        self.critics.requires_grad_(True)
        self.optimizers["adam_critics"].zero_grad(set_to_none=True)
        judged = critic_loss(self.critics, ways, batch)
        judged.backward()
        self.optimizers["adam_critics"].step()
        if self.alignment == "moments":
            self.moments.remember(ways.synth_shared, ways.obs_raw)
            if self.moments.due:
                self.generator.align_as(self.moments.means, self.moments.covariances)
        return {name: float(value.detach()) for name, value in {**parts, "total": total, "critic": judged}.items()}

    @torch.no_grad()
    def remember(self, share: float, iteration: int) -> None:
        """Take the weights into their running mean; at the beginning, when they move fast, at a larger share."""
        part = 1 - min(share, (1 + iteration) / (10 + iteration))
        for mean, value in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            mean.lerp_(value, part)


@torch.no_grad()
def align(generator: Generator, domains: Domains, seed: int, device: torch.device) -> None:
    """Align a generator's latents by moments of its own, of up to `_MEASURED` spectra of either training set.

    In training the moments lag behind the weights, and the running mean of the weights has others.

    Parameters
    ----------
    generator : Generator
        Changed in place.
    domains : Domains
    seed : int
    device : torch.device
    """
    draws = np.random.default_rng(seed)
    rows, stars = (draws.permutation(n)[:_MEASURED] for n in (len(domains.rows), len(domains.labels)))
    latents: tuple[list, list] = ([], [])
    for part in np.split(stars, range(_CHUNK, len(stars), _CHUNK)):
        latents[0].append(generator.encode_synth(domains.synthetic(part).to(device)))
    for part in np.split(np.sort(domains.rows[rows]), range(_CHUNK, len(rows), _CHUNK)):
        latents[1].append(generator.encode_raw(domains.observed(part).to(device))[0])
    found = [torch.cat(side).flatten(1).double() for side in latents]
    generator.align_as(torch.stack([side.mean(dim=0) for side in found]), torch.stack([side.T.cov() for side in found]))


def learning_rate(network: dict, iteration: int) -> float:
    """The first rate, times ``decay_factor`` for each milestone of ``decay`` that has passed."""
    passed = sum(iteration >= milestone for milestone in network["decay"])
    return network["learning_rate"] * network["decay_factor"] ** passed


Judge = Callable[[Generator], dict[str, float]]
"""What a checkpoint is worth: a dict with ``chi2`` (less is better) and what else is to stand in the history."""


def train_networks(
    domains: Domains, sizes: Sizes, network: dict, judge: Judge, *, seed: int, folder: Path, device: torch.device
) -> tuple[Generator, pd.DataFrame, dict[str, Any]]:
    """Train, and give the checkpoint that ``judge`` finds best.

    A killed training goes on from its last checkpoint and ends with the same bytes. ``network["iterations"]`` may be
    changed in between: a training that is to be longer goes on, one that is to be shorter ends at once.

    Parameters
    ----------
    domains : Domains
    sizes : Sizes
    network : dict
        ``engines.csn.network``.
    judge : callable
    seed : int
    folder : Path
        Of the checkpoint.
    device : torch.device

    Returns
    -------
    generator : Generator
        The best, on the CPU.
    history : pandas.DataFrame
        One row a checkpoint: iteration, learning_rate, mean losses since the one before, and the judge's numbers.
    about : dict
        iterations, best_iteration, chi2.

    Raises
    ------
    InputError
        A loss that is not finite, or critics that have diverged. The last checkpoint stays.
    """
    trainer = Trainer.fresh(sizes, network, seed, device)
    networks: dict = {"generator": trainer.generator, "critics": trainer.critics}
    networks |= {"average": trainer.average} if network["average"] else {}
    networks |= {"moments": trainer.moments} if network["alignment"] == "moments" else {}
    mark = _fingerprint(domains, sizes, network, seed)
    found = read_checkpoint(folder, mark, networks, trainer.optimizers)
    best, progress = found or ({}, {"history": [], "iteration": 0, "least": math.inf})
    if found:
        logger.info("Cycle-StarNet: going on after iteration %d", progress["iteration"])
    while progress["iteration"] < network["iterations"]:
        row = _stretch(trainer, domains, network, progress["iteration"], seed, device, folder)
        used = copy.deepcopy(trainer.average if network["average"] else trainer.generator)
        if network["alignment"] == "moments":
            align(used, domains, seed, device)
        row |= judge(used)
        progress["history"].append(row)
        progress["iteration"] = row["iteration"]
        if row["chi2"] < progress["least"] or not best:
            progress["least"] = row["chi2"]
            best = {name: value.detach().clone() for name, value in used.state_dict().items()}
        write_checkpoint(folder, mark, networks, trainer.optimizers, best, progress)
    trainer.generator.load_state_dict(best)
    history = pd.DataFrame(progress["history"])
    place = history.loc[history["chi2"].idxmin()]
    about = {"iterations": progress["iteration"], "best_iteration": int(place["iteration"]), "chi2": place["chi2"]}
    return trainer.generator.to("cpu").eval(), history, about


def _stretch(trainer: Trainer, domains: Domains, network: dict, first: int, seed: int, device, folder: Path) -> dict:
    """The iterations up to the next checkpoint; their mean losses."""
    last = min(first + network["checkpoint"], network["iterations"])
    sums: dict[str, float] = {}
    started = time.perf_counter()
    trainer.generator.train()
    for iteration in range(first, last):
        # a stream of its own for each iteration: a training that goes on draws what it would have drawn
        batch = domains.batch(np.random.default_rng([seed, iteration]), network["batch"], device)
        losses = trainer.step(batch, learning_rate(network, iteration))
        if network["average"]:
            trainer.remember(network["average"], iteration)
        if not all(map(math.isfinite, losses.values())):
            wrong = ", ".join(name for name, value in losses.items() if not math.isfinite(value))
            raise InputError(f"Cycle-StarNet: {wrong} not finite in iteration {iteration}; {_advice(folder, first)}")
        sums = {name: sums.get(name, 0.0) + value for name, value in losses.items()}
    means = {name: value / (last - first) for name, value in sums.items()}
    if means["critic"] > _MOST_CRITIC_LOSS:
        raise InputError(
            f"Cycle-StarNet: the critics diverged (mean loss {means['critic']:.3g} in iterations {first} to {last}); "
            f"{_advice(folder, first)}"
        )
    rate = (last - first) / (time.perf_counter() - started)
    shown = " ".join(f"{name} {value:.3g}" for name, value in means.items())
    logger.info("Cycle-StarNet %d/%d: %s, %.1f iterations/s", last, network["iterations"], shown, rate)
    return {"iteration": last, "learning_rate": learning_rate(network, last - 1), **means}


def _advice(folder: Path, iteration: int) -> str:
    lower = "lower engines.csn.network.learning_rate or the third of network.weights"
    if not iteration:
        return lower
    return f"{lower}, or set network.iterations to {iteration}: that state is kept in {folder / NAME}"


def _fingerprint(domains: Domains, sizes: Sizes, network: dict, seed: int) -> str:
    """Hash of what a training depends on but for its length; of the spectra a sample of rows stands for all."""
    settings = {name: value for name, value in network.items() if name not in ("iterations", "recipe", "device")}
    said = [vars(sizes), settings, seed, list(domains.flux.shape), vars(domains.scale)]
    said += [domains.synth_error, domains.least_error]
    hashed = hashlib.sha256(json.dumps(said, default=list).encode())
    some = slice(None, None, max(1, len(domains.flux) // 64))
    weights = [value.numpy() for value in domains.emulator.state_dict().values()]
    for array in (domains.rows, domains.labels, domains.used, domains.flux[some], domains.ivar[some], *weights):
        hashed.update(np.ascontiguousarray(array).tobytes())
    return hashed.hexdigest()
