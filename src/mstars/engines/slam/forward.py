"""The flux of every pixel as a function of the labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mstars.engines.slam.kernel import Features


@dataclass(frozen=True)
class Scaling:
    """Labels and fluxes of the training stars with mean 0 and variance 1 (Li et al. 2021, section 2.2).

    Attributes
    ----------
    label_mean, label_scale : ndarray of float64, [k]
        K and dex.
    flux_mean, flux_scale : ndarray of float32, [pixel]
        Of the measured fluxes.
    """

    label_mean: np.ndarray
    label_scale: np.ndarray
    flux_mean: np.ndarray
    flux_scale: np.ndarray

    def labels(self, values: np.ndarray) -> np.ndarray:
        """Scaled labels of [n, k] in K and dex."""
        return (values - self.label_mean) / self.label_scale

    def fluxes(self, flux: np.ndarray) -> np.ndarray:
        """Scaled fluxes, float32 [n, pixel]."""
        return ((flux - self.flux_mean) / self.flux_scale).astype(np.float32)

    def variance(self, ivar: np.ndarray) -> np.ndarray:
        """Variance of the scaled fluxes, float32 [n, pixel]; infinite where there is no information."""
        with np.errstate(divide="ignore"):
            return (1 / (ivar * np.square(self.flux_scale))).astype(np.float32)


def scaling_of(labels: np.ndarray, flux: np.ndarray, used: np.ndarray) -> Scaling:
    """The scaling of a training set.

    Parameters
    ----------
    labels : ndarray of float64, [n, k]
    flux : ndarray of float32, [n, pixel]
    used : ndarray of bool, [n, pixel]
        Measured fluxes.

    Returns
    -------
    Scaling
        A pixel that is nowhere measured, or a label that is the same everywhere, has the scale 1.
    """
    count = np.maximum(used.sum(axis=0), 1)
    mean = np.where(used, flux, 0).sum(axis=0, dtype=float) / count
    spread = np.sqrt(np.where(used, flux - mean, 0).astype(float).__pow__(2).sum(axis=0) / count)
    label_scale = labels.std(axis=0)
    return Scaling(
        labels.mean(axis=0),
        np.where(label_scale > 1e-9 * np.abs(labels).max(axis=0), label_scale, 1.0),
        mean.astype(np.float32),
        np.where(spread > 1e-6, spread, 1.0).astype(np.float32),
    )


@dataclass(frozen=True)
class Group:
    """Pixels with one kernel.

    Attributes
    ----------
    features : Features
    pixels : ndarray of int64, [p]
    weights : ndarray of float64, [r, p]
    offset : ndarray of float64, [p]
    """

    features: Features
    pixels: np.ndarray
    weights: np.ndarray
    offset: np.ndarray

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """What a model folder keeps of it."""
        features = self.features
        return {
            "gamma": np.array([features.gamma]),
            "landmarks": features.landmarks,
            "factor": features.factor,
            "pixels": self.pixels.astype(np.int64),
            "weights": self.weights,
            "offset": self.offset,
        }


@dataclass(frozen=True)
class ForwardModel:
    """Scaled fluxes of scaled labels.

    Attributes
    ----------
    scaling : Scaling
    groups : tuple of Group
        Every pixel is in one of them.
    """

    scaling: Scaling
    groups: tuple[Group, ...]

    @property
    def n_pixel(self) -> int:
        """Number of pixels."""
        return len(self.scaling.flux_mean)

    def single(self) -> ForwardModel:
        """The same with weights of float32, which is precise enough for fits and twice as fast."""
        groups = [
            replace(one, weights=one.weights.astype(np.float32), offset=one.offset.astype(np.float32))
            for one in self.groups
        ]
        return replace(self, groups=tuple(groups))

    def scaled(self, labels: np.ndarray) -> np.ndarray:
        """Scaled fluxes [n, pixel] of scaled labels [n, k]."""
        out = np.empty((len(labels), self.n_pixel), self.groups[0].weights.dtype)
        for one in self.groups:
            out[:, one.pixels] = one.features.of(labels).astype(out.dtype) @ one.weights + one.offset
        return out

    def flux(self, labels: np.ndarray) -> np.ndarray:
        """Normalised fluxes [n, pixel] of labels [n, k] in K and dex."""
        return self.scaled(self.scaling.labels(labels)) * self.scaling.flux_scale + self.scaling.flux_mean

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """What a model folder keeps."""
        found = {name: getattr(self.scaling, name) for name in Scaling.__dataclass_fields__}
        for number, one in enumerate(self.groups):
            found |= {f"group{number}_{name}": values for name, values in one.arrays.items()}
        return found

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> ForwardModel:
        """The model of `arrays`; other arrays are ignored."""
        scaling = Scaling(*(arrays[name] for name in Scaling.__dataclass_fields__))
        groups = []
        while f"group{len(groups)}_gamma" in arrays:
            part = {name: arrays[f"group{len(groups)}_{name}"] for name in _GROUP}
            features = Features(float(part["gamma"][0]), part["landmarks"], part["factor"])
            groups.append(Group(features, part["pixels"], part["weights"], part["offset"]))
        return cls(scaling, tuple(groups))


_GROUP = ("gamma", "landmarks", "factor", "pixels", "weights", "offset")
