"""The emulator of theoretical spectra (section 2.2): a multilayer perceptron from labels to normalised flux."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn

from mstars.core.errors import InputError

_SCALE = 1e4
"""The Payne's factor of the flux's loss. RAdam's first steps are as long as the loss is large."""

_BENDS = {"silu": nn.SiLU, "leaky_relu": lambda: nn.LeakyReLU(0.01)}


class Emulator(nn.Module):
    """Flux of labels. The labels are scaled to -0.5 .. 0.5 over the grid, as The Payne does (Ting et al. 2019)."""

    def __init__(
        self, lower: Sequence[float], upper: Sequence[float], neurons: int, n_pixel: int, activation: str = "silu"
    ):
        super().__init__()
        bend = _BENDS[activation]
        lower, upper = (torch.as_tensor(np.asarray(value, dtype=float)) for value in (lower, upper))
        self.register_buffer("lower", lower)
        self.register_buffer("upper", upper)
        self.layers = nn.Sequential(
            *(nn.Linear(len(lower), neurons), bend()),
            *(nn.Linear(neurons, neurons), bend()),
            nn.Linear(neurons, n_pixel),
        )

    def scaled(self, labels: torch.Tensor) -> torch.Tensor:
        """Labels [n, 4] in K and dex as the network sees them."""
        width = self.upper - self.lower
        return ((labels.to(width) - self.lower) / torch.where(width > 0, width, 1.0) - 0.5 * (width > 0)).to(
            self.layers[0].weight
        )

    def unscaled(self, scaled: torch.Tensor) -> torch.Tensor:
        """Labels in K and dex, float64."""
        width = self.upper - self.lower
        return (scaled.to(width) + 0.5 * (width > 0)) * torch.where(width > 0, width, 1.0) + self.lower

    def of_scaled(self, scaled: torch.Tensor) -> torch.Tensor:
        """Normalised flux [n, pixel] of scaled labels."""
        return self.layers(scaled)

    def forward(self, labels: torch.Tensor) -> torch.Tensor:
        """Normalised flux [n, pixel] of labels in K and dex."""
        return self.of_scaled(self.scaled(labels))


@dataclass(frozen=True)
class EmulatorSettings:
    """``engines.csn.emulator``.

    Attributes
    ----------
    neurons : int
        Of each of the two hidden layers.
    activation : {"silu", "leaky_relu"}
        ``leaky_relu`` is The Payne's. With the smooth one spectra between the nodes are two to three times nearer to
        the truth on test grids, and fits have derivatives without jumps.
    steps : int
    learning_rate : float
    schedule : {"cosine", "constant"}
        Of the learning rate; ``constant`` is The Payne's.
    components : int
        Principal components of the nodes' flux. The last layer learns their amounts, and their spectra are multiplied
        into it at the end; so the network is the same, but a step is ten times as quick. 0: it learns every pixel, as
        The Payne does.
    loss : {"l1", "l2"}
        Of the flux, or of the components' amounts.
    batch : int
        Nodes of a step; all, where there are fewer.
    train_share : float
        Share of the nodes that are trained on; the rest validates.
    """

    neurons: int
    activation: str
    steps: int
    learning_rate: float
    schedule: str
    components: int
    loss: str
    batch: int
    train_share: float

    @classmethod
    def of(cls, settings: Mapping) -> EmulatorSettings:
        """From a section."""
        return cls(**{name: settings[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class _Components:
    """Flux as a mean and amounts of principal components, which are in units of the first one's spread.

    Attributes
    ----------
    mean : Tensor of float64, [pixel]
    spectra : Tensor of float64, [component, pixel]
    """

    mean: torch.Tensor
    spectra: torch.Tensor

    @classmethod
    def of(cls, flux: torch.Tensor, most: int) -> _Components:
        """The first ``most`` of spectra [n, pixel]."""
        mean = flux.double().mean(dim=0)
        _, size, spectra = torch.linalg.svd(flux.double() - mean, full_matrices=False)
        return cls(mean, spectra[:most] * (size[0].clamp(min=1e-12) / len(flux) ** 0.5))

    def amounts(self, flux: torch.Tensor) -> torch.Tensor:
        """Float32, [n, component], of flux [n, pixel]."""
        norm = self.spectra.square().sum(dim=1)
        return ((flux.double() - self.mean) @ self.spectra.T / norm).float()

    def multiplied(self, last: nn.Linear) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias of a last layer that gives flux, of one that gives amounts."""
        weight, bias = last.weight.detach().double(), last.bias.detach().double()
        return self.spectra.T @ weight, self.mean + self.spectra.T @ bias


def split_nodes(n: int, train_share: float, draws: np.random.Generator) -> np.ndarray:
    """Which nodes of the grid validate the emulator, bool [n]: a random part, at least one and not all."""
    held = int(np.clip(round(n * (1 - train_share)), 1, n - 1))
    valid = np.zeros(n, bool)
    valid[draws.permutation(n)[:held]] = True
    return valid


def train_emulator(
    labels: np.ndarray, flux: np.ndarray, valid: np.ndarray, settings: EmulatorSettings, seed: int
) -> tuple[Emulator, pd.DataFrame]:
    """Fit the emulator to the nodes of a grid.

    The weights with the least validation loss are kept.

    Parameters
    ----------
    labels : ndarray, [n, 4]
        Of the nodes, in K and dex (`mstars.core.labels.LABELS`); one with a single value in the grid stays as it is.
    flux : ndarray, [n, pixel]
        Normalised.
    valid : ndarray of bool, [n]
        Nodes that validate.
    settings : EmulatorSettings
    seed : int
        Of the first weights and of the batches.

    Returns
    -------
    emulator : Emulator
    history : pandas.DataFrame
        step, train_loss, valid_loss, a hundred rows.

    Raises
    ------
    InputError
        Flux that is not finite, or a loss that is none.
    """
    _check_nodes(labels, flux)
    torch.manual_seed(seed)
    emulator = Emulator(labels.min(axis=0), labels.max(axis=0), settings.neurons, flux.shape[1], settings.activation)
    x, y = emulator.scaled(torch.from_numpy(labels)), torch.from_numpy(np.array(flux, np.float32))
    if not settings.components:
        return emulator.eval(), _descend(emulator.layers, x, y, valid, settings, seed, _SCALE)
    components = _Components.of(y[~valid], settings.components)
    layers = nn.Sequential(*emulator.layers[:-1], nn.Linear(settings.neurons, len(components.spectra)))
    history = _descend(layers, x, components.amounts(y), valid, settings, seed)
    last = emulator.layers[-1]
    with torch.no_grad():
        for given, found in zip((last.weight, last.bias), components.multiplied(layers[-1]), strict=True):
            given.copy_(found)
    return emulator.eval(), history


def _descend(
    layers: nn.Sequential,
    x: torch.Tensor,
    y: torch.Tensor,
    valid: np.ndarray,
    settings: EmulatorSettings,
    seed: int,
    factor: float = 1.0,
) -> pd.DataFrame:
    """Train layers, in place, to give y of x; they end with the weights of the least validation loss."""
    optimizer = torch.optim.RAdam(layers.parameters(), lr=settings.learning_rate)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.steps)
    (x_train, x_valid), (y_train, y_valid) = ([values[~valid], values[valid]] for values in (x, y))
    distance = {"l1": nn.functional.l1_loss, "l2": nn.functional.mse_loss}[settings.loss]
    best, least, history, draws = None, np.inf, [], np.random.default_rng(seed)
    every = max(settings.steps // 100, 1)
    for step in range(1, settings.steps + 1):
        rows = slice(None)
        if len(x_train) > settings.batch:
            rows = torch.from_numpy(draws.choice(len(x_train), settings.batch, replace=False))
        optimizer.zero_grad(set_to_none=True)
        loss = factor * distance(layers(x_train[rows]), y_train[rows])
        loss.backward()
        optimizer.step()
        if settings.schedule == "cosine":
            cosine.step()
        if step % every == 0:
            with torch.no_grad():
                held = float(distance(layers(x_valid), y_valid))
            if not np.isfinite(held):
                raise InputError(f"emulator: the loss is {held} after step {step}; lower emulator.learning_rate")
            history.append({"step": step, "train_loss": loss.item() / factor, "valid_loss": held})
            if held < least:
                least, best = held, copy.deepcopy(layers.state_dict())
    layers.load_state_dict(best)
    return pd.DataFrame(history)


def _check_nodes(labels: np.ndarray, flux: np.ndarray) -> None:
    if not (np.isfinite(flux).all() and np.isfinite(labels).all()):
        raise InputError("theory grid: flux or labels that are not finite; mend the grid (engines.csn.theory)")


@torch.no_grad()
def reconstruction_error(emulator: Emulator, labels: np.ndarray, flux: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Eq. 1: the mean of ``|model - emulated| / model`` over the pixels that are used, [n].

    Parameters
    ----------
    emulator : Emulator
    labels : ndarray, [n, 4]
    flux : ndarray, [n, pixel]
    used : ndarray of bool, [pixel]
        Pixels outside the masks.
    """
    found = emulator(torch.from_numpy(np.asarray(labels, dtype=float))).double().numpy()
    return (np.abs(found - flux) / np.abs(flux))[:, used].mean(axis=1)


def leave_nodes_out(
    labels: np.ndarray,
    flux: np.ndarray,
    used: np.ndarray,
    settings: EmulatorSettings,
    *,
    parts: int,
    seed: int,
) -> np.ndarray:
    """`reconstruction_error` of each node by an emulator that has not seen it, [n].

    The nodes are split in ``parts``; each is held out once. Nodes at the grid's edge are extrapolated to.
    """
    part = np.random.default_rng(seed).permutation(len(labels)) % parts
    error = np.full(len(labels), np.nan)
    for number in range(parts):
        out = part == number
        inside = np.flatnonzero(~out)
        valid = split_nodes(len(inside), settings.train_share, np.random.default_rng([seed, number]))
        emulator, _ = train_emulator(labels[inside], flux[inside], valid, settings, seed)
        error[out] = reconstruction_error(emulator, labels[out], flux[out], used)
    return error


def emulator_arrays(emulator: Emulator) -> dict[str, np.ndarray]:
    """The emulator's weights by name, for a model folder."""
    return {f"emulator.{name}": value.numpy() for name, value in emulator.state_dict().items()}


def emulator_of(arrays: Mapping[str, np.ndarray], activation: str) -> Emulator:
    """The emulator of `emulator_arrays`."""
    own = {key.removeprefix("emulator."): value for key, value in arrays.items() if key.startswith("emulator.")}
    neurons, n_pixel = own["layers.0.weight"].shape[0], own["layers.4.weight"].shape[0]
    emulator = Emulator(own["lower"], own["upper"], neurons, n_pixel, activation)
    emulator.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in own.items()})
    return emulator.eval()
