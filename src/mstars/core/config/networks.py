"""How the networks are built and trained (section 3.3 of the paper)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from mstars.core.config.keys import List, Section, key, subsection
from mstars.core.constants import CLASSIFIER_PIXELS

DEPTH = 4
"""Convolutions of the paper's network (Fig. 2)."""

Layers = Annotated[
    tuple[Annotated[int, Field(ge=1)], ...],
    List,
    Field(min_length=DEPTH, max_length=DEPTH),
]


class Architecture(Section):
    """Sizes that the paper does not publish: four numbers each, one a layer. Convolutions have no padding."""

    PLACE: ClassVar[str] = "networks.architecture"
    channels: Layers = key((8, 16, 32, 64), "output channels of the convolutions")
    kernels: Layers = key((11, 9, 7, 5), "kernel sizes of the convolutions", unit="pixel")
    strides: Layers = key((2, 1, 1, 1), "strides of the convolutions", unit="pixel")
    pools: Layers = key((4, 4, 4, 2), "widths and strides of the max-pools", unit="pixel")

    @model_validator(mode="after")
    def _something_left(self) -> Self:
        if self.lengths()[-1] < 1:
            raise ValueError(f"kernels, strides and pools leave nothing of {CLASSIFIER_PIXELS} pixels")
        return self

    def lengths(self) -> list[int]:
        """Pixels left after each layer."""
        lengths, length = [], CLASSIFIER_PIXELS
        for kernel, stride, pool in zip(self.kernels, self.strides, self.pools, strict=True):
            length = ((length - kernel) // stride + 1) // pool
            lengths.append(length)
        return lengths

    @property
    def n_features(self) -> int:
        """Inputs of the fully connected layer."""
        return self.lengths()[-1] * self.channels[-1]


class Networks(Section):
    """Training of the CNN of all tasks; the paper publishes no sizes, these are ours."""

    PLACE: ClassVar[str] = "networks"
    architecture: Architecture = subsection(Architecture)
    epochs: int = key(60, "the most epochs; training stops earlier, see stop_patience", ge=1)
    batch_size: int = key(128, "spectra a step", ge=1, where="3.3")
    learning_rate: float = key(0.001, "Adam's at the start", gt=0, where="3.3")
    reduce_factor: float = key(0.5, "the learning rate is multiplied by this when reduce_patience is over", gt=0, lt=1)
    reduce_patience: int = key(3, "epochs without a lower validation loss before that", ge=1, unit="epoch")
    least_learning_rate: float = key(0.00001, "the learning rate falls no lower", ge=0)
    least_improvement: float = key(
        0.0001, "a validation loss lower by less does not count as an improvement for the two patiences", ge=0
    )
    stop_patience: int = key(
        8, "stop after so many epochs without a lower validation loss; the best weights are kept", ge=1, unit="epoch"
    )
    noise: float = key(
        0.0,
        "augmentation: noise of a pixel, drawn from [0, noise] for each spectrum, in units of its own sigma",
        ge=0,
        where="3.3",
    )
    shift_kms: float = key(0.0, "augmentation: standard deviation of a velocity shift", unit="km/s", ge=0, where="3.3")
    curve: float = key(
        0.0,
        "augmentation: smooth curves added, standard deviation of their Legendre coefficients",
        ge=0,
        where="3.3",
    )
    average: float = key(
        0.998,
        "the weights kept are a running mean over the steps, with this decay; 0: the last ones",
        ge=0,
        lt=1,
        paper=0.0,
        where="3.3",
    )
    device: Literal["auto", "cpu", "cuda"] = key("auto", "auto takes a GPU where there is one")
    precision: Literal["fp32", "bf16"] = key("fp32", "bf16 runs the forward pass in bfloat16")


class FoldNetworks(Networks):
    """Training of CNN-TLMA."""

    PLACE: ClassVar[str] = "spmm.networks"
    batch_size: Annotated[int, Field(ge=1)] | Literal["auto"] = key(
        "auto",
        "auto: 128 from 3,200 spectra on, fewer in smaller sets, so that an epoch has 25 steps (8 spectra at least)",
        paper=128,
        where="3.3",
    )
    learning_rate: float = key(
        0.002, "Adam's at the start; 0.002 is better with small batches", gt=0, paper=0.001, where="3.3"
    )
    average: float = key(
        0,
        "as networks.average; the mean over the steps stopped some trainings on few giants too early",
        ge=0,
        lt=1,
        where="3.3",
    )
