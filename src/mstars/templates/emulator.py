"""A published neural emulator of synthetic giants (bossbrain, MIT): Teff 3500-4200 K, log g 0-3.5, [M/H] -2.5..0.5."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mstars.core.errors import InputError
from mstars.templates.pickled_arrays import PickledArrays

_ALPHA = ("om", "mgm", "sim", "cam", "tim")
EMULATOR_WAVELENGTH = 3500.0 + 0.5 * np.arange(14001)
"""Wavelengths in air of the emulator's output, angstrom (bossbrain/ann.py)."""


@dataclass
class Emulator:
    """Three dense layers from labels to flux, leaky ReLU between.

    Attributes
    ----------
    labels : tuple of str
        Names of the inputs: teff, logg, mh and element abundances relative to M.
    lower, upper : ndarray, [label]
        Range of the training spectra; outside of it nothing is computed.
    weights, biases : list of ndarray
        Per layer.
    slope : float
        Of the leaky ReLU.
    """

    labels: tuple[str, ...]
    lower: np.ndarray
    upper: np.ndarray
    weights: list[np.ndarray]
    biases: list[np.ndarray]
    slope: float = 0.01

    def __call__(self, teff, logg, m_h, alpha_m=0.0, **elements) -> np.ndarray:
        """Flux (arbitrary scale) of stars with these labels, float32 [n, pixel] in air.

        Raises
        ------
        InputError
            When a label is outside the trained range; nothing is extrapolated.
        """
        columns = np.broadcast_arrays(*map(np.atleast_1d, (teff, logg, m_h, alpha_m)))
        values = np.zeros((columns[0].size, len(self.labels)))
        for name, column in zip(("teff", "logg", "mh"), columns[:3], strict=True):
            values[:, self.labels.index(name)] = column
        for name in _ALPHA:
            values[:, self.labels.index(name)] = columns[3]
        for name, value in elements.items():
            values[:, self.labels.index(name)] = value
        outside = (values < self.lower - 1e-3) | (values > self.upper + 1e-3)
        if outside.any():
            row, column = np.argwhere(outside)[0]
            raise InputError(
                f"emulator: {self.labels[column]} = {values[row, column]:g} is outside "
                f"{self.lower[column]:.4g} to {self.upper[column]:.4g}"
            )
        x = (values - self.lower) / (self.upper - self.lower) - 0.5
        x = x.astype(np.float32)
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = x @ weight.T + bias
            if layer < len(self.weights) - 1:
                x = np.where(x > 0, x, self.slope * x)
        return x


class _Inert:
    """Stands for every class of the file but the few that hold arrays; it has no behaviour."""

    def __init__(self, *args, **kwargs):
        self.args = args

    def __call__(self, *args, **kwargs):
        return _Inert()

    def __setstate__(self, state):
        self.state = state

    def __setitem__(self, key, value):
        self.__dict__.setdefault("items", {})[key] = value

    def append(self, value):
        self.__dict__.setdefault("list", []).append(value)

    def extend(self, values):
        self.__dict__.setdefault("list", []).extend(values)


def _storage(data: bytes):
    import torch

    return torch.load(io.BytesIO(data), weights_only=True)


def _array(create, arguments, state, attributes=None):
    """What dill writes for an array: make it, then fill it."""
    array = create(*arguments)
    array.__setstate__(state)
    return array


class _Reader(PickledArrays):
    def other(self, module, name):
        if (module, name) == ("torch.storage", "_load_from_bytes"):
            return _storage
        if module == "torch._utils" and name in ("_rebuild_tensor_v2", "_rebuild_parameter"):
            import torch._utils

            return getattr(torch._utils, name)
        if (module, name) == ("dill._dill", "_create_array"):
            return _array
        if (module, name) == ("collections", "OrderedDict"):
            return dict
        return _Inert


def read_emulator(path: str | Path) -> Emulator:
    """Read the weights of bossbrain's file without running anything in it.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Emulator

    Raises
    ------
    InputError
        When the file isn't what is expected.
    """
    try:
        with open(path, "rb") as handle:
            found = _collect(_Reader(handle).load())
        weights = [np.asarray(w.detach().numpy(), np.float32) for w in found["weight"]]
        biases = [np.asarray(b.detach().numpy(), np.float32) for b in found["bias"]]
        lower, upper = (np.asarray(found[name][0], float) for name in ("xmin", "xmax"))
        labels = tuple(str(name) for name in np.asarray(found["label_names"][0]).tolist())
    except (OSError, KeyError, pickle.UnpicklingError, AttributeError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not the emulator of bossbrain 1.0.12 ({error}); fetch it again") from None
    return Emulator(labels, lower, upper, weights, biases)


def _collect(node) -> dict[str, list]:
    """Values of the interesting names anywhere in the object tree, in order."""
    found: dict[str, list] = {}
    seen: set[int] = set()

    def walk(item):
        if id(item) in seen:
            return
        seen.add(id(item))
        children = item.__dict__ if isinstance(item, _Inert) else item
        if isinstance(children, dict):
            for key, value in children.items():
                if key in ("weight", "bias", "xmin", "xmax", "label_names", "_label_names") and value is not None:
                    found.setdefault(str(key).lstrip("_"), []).append(value)
                walk(value)
        elif isinstance(children, list | tuple):
            for value in children:
                walk(value)

    walk(node)
    return found
