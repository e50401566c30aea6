"""The wavelength grid that a method asks for: pixels of LAMOST's own logarithmic grid, or equal steps in angstrom."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from mstars.core.errors import InputError
from mstars.spectra.wavelengths import DLOGLAM, LOGLAM0, N_PIXEL

_KINDS = ("log10", "linear")


@dataclass(frozen=True)
class Grid:
    """Vacuum wavelengths, ascending. Made by `Grid.log10`, `Grid.linear` or `Grid.from_dict`.

    Attributes
    ----------
    kind : {"log10", "linear"}
    first, last : float
        The ends, both included: pixel numbers of LAMOST's grid for ``log10``, angstrom for ``linear``.
    step : float
        1 for ``log10``; angstrom for ``linear``.
    left_out : tuple of int
        Pixels between the ends that the grid lacks, ascending: numbers of LAMOST's grid for ``log10``, counted from the
        first pixel for ``linear``.
    """

    kind: str
    first: float
    last: float
    step: float = 1.0
    left_out: tuple[int, ...] = ()

    def __post_init__(self):
        if self.kind not in _KINDS:
            raise InputError(f"grid: kind is {self.kind!r}, expected {' or '.join(_KINDS)}")
        if not (np.isfinite([self.first, self.last, self.step]).all() and self.step > 0 and self.last > self.first):
            raise InputError(f"grid: from {self.first} to {self.last} by {self.step} is no ascending grid")
        if self.kind == "log10":
            if self.step != 1 or {self.first % 1, self.last % 1} != {0} or self.first < 0 or self.last >= N_PIXEL:
                raise InputError(
                    f"grid: pixels {self.first} to {self.last} by {self.step}, expected whole numbers from 0 to "
                    f"{N_PIXEL - 1} of LAMOST's grid, and every one between the ends"
                )
        numbers = self._numbers()
        out = np.array(self.left_out, dtype=int)
        if (np.diff(out) <= 0).any() or not np.isin(out, numbers).all():
            raise InputError(f"grid: left_out {self.left_out} are not ascending pixels of the grid")
        if len(out) == len(numbers):
            raise InputError("grid: every pixel is left out")

    @classmethod
    def log10(cls, first: int, last: int, left_out: Iterable[int] = ()) -> Grid:
        """Pixels of LAMOST's grid, log10(angstrom) = 3.5682 + 1e-4 i.

        Parameters
        ----------
        first, last : int
            Numbers i, both included.
        left_out : iterable of int
            Numbers of pixels that the grid lacks.

        Returns
        -------
        Grid
        """
        return cls("log10", int(first), int(last), 1, tuple(map(int, left_out)))

    @classmethod
    def linear(cls, first: float, last: float, step: float = 1.0) -> Grid:
        """Wavelengths in equal steps.

        Parameters
        ----------
        first, last, step : float
            Vacuum angstrom; both ends are included.

        Returns
        -------
        Grid
        """
        return cls("linear", float(first), float(last), float(step))

    @classmethod
    def from_dict(cls, values: dict) -> Grid:
        """The grid of `as_dict`.

        Parameters
        ----------
        values : dict

        Returns
        -------
        Grid

        Raises
        ------
        InputError
            When a key is missing or unknown, or the wavelengths are not of the vacuum.
        """
        known = {"medium", "kind", "first", "last", "step", "left_out"}
        if not isinstance(values, dict) or set(values) != known or values["medium"] != "vacuum":
            raise InputError(f"grid: {values}, expected the keys {sorted(known)} and medium: vacuum")
        return cls(*(values[name] for name in ("kind", "first", "last", "step")), tuple(values["left_out"]))

    def as_dict(self) -> dict:
        """The grid for a ``model.json``.

        Returns
        -------
        dict
            medium, kind, first, last, step, left_out.
        """
        return {
            "medium": "vacuum",
            "kind": self.kind,
            "first": self.first,
            "last": self.last,
            "step": self.step,
            "left_out": list(self.left_out),
        }

    def without(self, intervals: Iterable[tuple[float, float]]) -> Grid:
        """The same grid without the pixels inside some intervals.

        Parameters
        ----------
        intervals : iterable of (float, float)
            Vacuum angstrom; the ends are inside.

        Returns
        -------
        Grid
        """
        wavelength = self._wavelength_of(self._numbers())
        inside = np.zeros(len(wavelength), bool)
        for lower, upper in intervals:
            inside |= (wavelength >= lower) & (wavelength <= upper)
        out = np.union1d(np.array(self.left_out, dtype=int), self._numbers()[inside])
        return replace(self, left_out=tuple(out.tolist()))

    def __len__(self) -> int:
        return len(self.wavelength)

    @functools.cached_property
    def wavelength(self) -> np.ndarray:
        """Vacuum wavelengths.

        Returns
        -------
        ndarray of float64, [pixel]
            Angstrom; read only.
        """
        numbers = self._numbers()
        result = self._wavelength_of(numbers[~np.isin(numbers, np.array(self.left_out, dtype=int))])
        result.flags.writeable = False
        return result

    def _numbers(self) -> np.ndarray:
        """Pixel numbers from the first to the last, those left out among them."""
        if self.kind == "log10":
            return np.arange(int(self.first), int(self.last) + 1)
        return np.arange(int(np.floor((self.last - self.first) / self.step * (1 + 1e-12))) + 1)

    def _wavelength_of(self, numbers: np.ndarray) -> np.ndarray:
        return 10.0 ** (LOGLAM0 + DLOGLAM * numbers) if self.kind == "log10" else self.first + self.step * numbers
