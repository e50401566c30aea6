"""How a network is trained: the config section ``networks`` as one checked object."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import torch

from mstars.core.errors import InputError
from mstars.networks.architecture import Architecture


@dataclass(frozen=True)
class Settings:
    """Training settings; the paper's where it gives them (section 3.3).

    Attributes
    ----------
    epochs : int
        The most epochs.
    batch_size : int
        Spectra a step (paper: 128).
    learning_rate : float
        Of Adam at the start (paper: 0.001).
    reduce_factor, reduce_patience, least_learning_rate
        Multiply the learning rate by the factor after so many epochs without a lower validation loss.
    least_improvement : float
        A validation loss lower by less than this does not count as an improvement for the two patiences.
    stop_patience : int
        Stop after so many epochs without a lower validation loss; the weights of the lowest are kept.
    noise : float
        Augmentation: per-pixel noise in units of a spectrum's own sigma, drawn per spectrum from [0, noise].
    shift_kms : float
        Augmentation: standard deviation of a velocity shift, km/s, drawn per spectrum.
    curve : float
        Augmentation: standard deviation of the coefficients of smooth curves added to a z-scored spectrum.
    average : float
        Decay of the running mean of the weights that is validated and kept; 0 keeps the weights themselves (paper).
    device : {"auto", "cpu", "cuda"}
        ``auto`` takes a GPU where there is one.
    precision : {"fp32", "bf16"}
        ``bf16`` runs the forward pass under autocast; weights and loss stay float32.
    architecture : Architecture
        Layer sizes.
    """

    epochs: int = 60
    batch_size: int = 128
    learning_rate: float = 1e-3
    reduce_factor: float = 0.5
    reduce_patience: int = 3
    least_learning_rate: float = 1e-5
    least_improvement: float = 1e-4
    stop_patience: int = 8
    noise: float = 0.0
    shift_kms: float = 0.0
    curve: float = 0.0
    average: float = 0.0
    device: str = "auto"
    precision: str = "fp32"
    architecture: Architecture = Architecture()

    def __post_init__(self):
        if self.device not in ("auto", "cpu", "cuda"):
            raise InputError(f"networks.device: {self.device!r} is not one of auto, cpu, cuda")
        if self.precision not in ("fp32", "bf16"):
            raise InputError(f"networks.precision: {self.precision!r} is not one of fp32, bf16")
        if self.epochs < 1 or self.batch_size < 1:
            raise InputError("networks: epochs and batch_size must be at least 1")
        if not 0 <= self.average < 1:
            raise InputError(f"networks.average: {self.average} is not from 0 to below 1")

    @classmethod
    def from_config(cls, section: dict, **changes) -> Settings:
        """Settings of the config's ``networks`` section, with ``changes`` (for example of one task) on top."""
        values = {**section, **changes}
        architecture = Architecture(**{key: tuple(value) for key, value in values.pop("architecture").items()})
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InputError(f"networks: unknown keys {unknown}; known: {sorted(known)}")
        return cls(**values, architecture=architecture)

    def as_dict(self) -> dict:
        """Plain values for JSON."""
        return {**asdict(self), "architecture": self.architecture.as_dict()}

    def torch_device(self) -> torch.device:
        """The device to train on."""
        if self.device == "cuda" and not torch.cuda.is_available():
            raise InputError("networks.device: cuda, but torch sees no GPU here; use auto or cpu")
        return torch.device("cuda" if self.device != "cpu" and torch.cuda.is_available() else "cpu")
