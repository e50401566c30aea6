"""Model atmospheres of cool stars: the network of atmosnet (MIT), trained on C3K models (Cargile et al. 2020)."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mstars.core.errors import InputError
from mstars.templates.pickled_arrays import PickledArrays

LABELS = {"TEFF": "teff", "LOGG": "logg", "FE_H": "m_h", "ALPHA_FE": "alpha_m"}
COLUMNS = ("rhox", "temperature", "pressure", "electrons", "opacity", "radiation")
"""Mass above a layer (g/cm2), T (K), gas pressure and electron density (cgs), Rosseland opacity, acceleration."""
_SLOPE = 0.01
"""Of the network's leaky ReLU."""


@dataclass
class Atmospheres:
    """The network.

    Attributes
    ----------
    names : tuple of str
        Of its inputs, in order: of `LABELS`'s values.
    lower, upper : ndarray of float64, [label]
        The labels that it was trained on.
    layers : list
        For each column of `COLUMNS` its scaling (least and largest labels) and the weights and biases of three layers.
    """

    names: tuple[str, ...]
    lower: np.ndarray
    upper: np.ndarray
    layers: list[tuple]

    def __call__(self, **labels: float) -> dict[str, np.ndarray]:
        """The atmosphere of a star.

        Parameters
        ----------
        **labels : float
            teff (K), logg, m_h, alpha_m (dex).

        Returns
        -------
        dict of ndarray, [layer]
            `COLUMNS`, from the top down.

        Raises
        ------
        InputError
            When a label is outside the trained range; nothing is extrapolated.
        """
        values = np.array([labels[name] for name in self.names], dtype=float)
        for name, value, low, high in zip(self.names, values, self.lower, self.upper, strict=True):
            if not low <= value <= high:
                raise InputError(f"model atmospheres: {name} = {value:g} is outside {low:g} to {high:g}")
        found = {}
        for column, (low, high, weights, biases) in zip(COLUMNS, self.layers, strict=True):
            x = (values - low) / (high - low) - 0.5
            for number, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
                x = weight @ x + bias
                if number < len(weights) - 1:
                    x = np.where(x > 0, x, _SLOPE * x)
            found[column] = 10**x  # the network gives the decimal logarithm; its own program takes e to this power
        return found


class _Reader(PickledArrays):
    def other(self, module, name):
        if (module, name) == ("dill._dill", "_import_module"):
            return str
        if (module, name) == ("dill._dill", "_get_attr"):
            return self.find_class
        return super().other(module, name)


def read_atmospheres(path: str | Path) -> Atmospheres:
    """Read atmosnet's weights without running anything in the file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Atmospheres

    Raises
    ------
    InputError
        When the file isn't what is expected.
    """
    try:
        with open(path, "rb") as handle:
            columns = _Reader(handle).load()[: len(COLUMNS)]
        names = tuple(LABELS[name] for name in columns[0]["labels"])
        lower, upper = np.asarray(columns[0]["ranges"], dtype=float).T
        layers = [
            (
                np.asarray(one["x_min"], dtype=float),
                np.asarray(one["x_max"], dtype=float),
                [np.asarray(one[f"w_array_{number}"], dtype=float) for number in range(3)],
                [np.asarray(one[f"b_array_{number}"], dtype=float) for number in range(3)],
            )
            for one in columns
        ]
    except (OSError, EOFError, KeyError, IndexError, TypeError, ValueError, pickle.UnpicklingError) as error:
        raise InputError(f"{path}: not the model atmospheres of atmosnet 1.0.1 ({error}); fetch them again") from None
    if len(layers) < len(COLUMNS):
        raise InputError(f"{path}: {len(layers)} columns of {len(COLUMNS)}; fetch the model atmospheres again")
    return Atmospheres(names, lower, upper, layers)
