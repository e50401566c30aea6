"""A bank of templates: splined on the log grid, with orthonormal bases at the coarse velocities (Eq. 2)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mstars.core.errors import InputError
from mstars.spectra.wavelengths import DLOGLAM
from mstars.velocity.compiling import Splines
from mstars.velocity.match.filters import subtract_running_mean
from mstars.velocity.match.scan_kernels import orthonormal_columns
from mstars.velocity.match.splines import spline_weights
from mstars.velocity.pool import over_chunks

DEGREE = 4
"""Degree of the multiplicative polynomial P_k of Eq. 2 (k = 4)."""

N_COEF = DEGREE + 1

_MAKING = threading.RLock()
"""Held while what the spectra of all threads share is made."""

_TOGETHER = 8
"""Templates whose bases one thread makes at a time."""


def coarse_grid(limit: float = 600.0, step: float = 60.0) -> np.ndarray:
    """Velocities 60 n, -10 <= n <= 10, of section 3.4.3.

    Parameters
    ----------
    limit, step : float
        km/s.

    Returns
    -------
    ndarray of float64, [v]
        km/s.
    """
    count = int(round(limit / step))
    return step * np.arange(-count, count + 1, dtype=float)


@dataclass
class TemplateBank:
    """Templates on a log grid, ready for chi2 over (template, velocity).

    Attributes
    ----------
    name : ndarray of str, [j]
    spectral_class, subclass, luminosity : ndarray of str, [j]
    coefficient : ndarray of float64, [j, q]
        Cubic B-spline coefficients on the log grid ``loglam0 + DLOGLAM * i``.
    loglam0 : float
        log10 of the first coefficient's wavelength.
    velocity : ndarray, [v]
        Coarse velocities, km/s.
    window : (float, float)
        Observed wavelengths compared, vacuum angstrom. All templates at all velocities cover it, so that the
        number of pixels in Eq. 2 is the same for each.
    scaling : str
        'mean' or 'zscore' of the templates.
    reach : float
        Largest speed at which a template covers the window, km/s.
    wide : TemplateBank or None
        Those of the templates that cover a longer range, over which faint spectra are matched again.
    """

    name: np.ndarray
    spectral_class: np.ndarray
    subclass: np.ndarray
    luminosity: np.ndarray
    coefficient: np.ndarray
    loglam0: float
    velocity: np.ndarray
    window: tuple[float, float]
    scaling: str
    reach: float
    wide: TemplateBank | None = None
    _grid: tuple = field(default=(), repr=False)
    _of_grid: dict = field(default_factory=dict, repr=False)
    _filtered: dict = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.name)

    def pixels(self, wavelength: np.ndarray) -> slice:
        """Pixels of an observed log grid that are compared.

        Parameters
        ----------
        wavelength : ndarray of float64, [pixel]
            Vacuum angstrom.

        Returns
        -------
        slice

        Raises
        ------
        InputError
            When the grid is not log-uniform with LAMOST's step (air or nanometre wavelengths show up here) or does not
            overlap the templates.
        """
        check_log_grid(wavelength)
        inside = np.flatnonzero((wavelength >= self.window[0]) & (wavelength <= self.window[1]))
        if len(inside) < 10 * N_COEF:
            raise InputError(
                f"spectra cover {wavelength[0]:.0f}-{wavelength[-1]:.0f} A, templates are compared over "
                f"{self.window[0]:.0f}-{self.window[1]:.0f} A: too little in common (vacuum angstrom is expected)"
            )
        return slice(inside[0], inside[-1] + 1)

    def splines(self, wavelength: np.ndarray, pixels: slice) -> Splines:
        """The templates as the compiled loops take them, for the compared pixels of an observed grid.

        Parameters
        ----------
        wavelength : ndarray of float64, [pixel]
            The observed grid.
        pixels : slice
            Those compared.

        Returns
        -------
        Splines
        """
        return Splines(self.coefficient, self.offset(wavelength, pixels))

    def offset(self, wavelength: np.ndarray, pixels: slice) -> float:
        """Position of the first compared pixel at velocity 0.

        Parameters
        ----------
        wavelength, pixels
            As for `splines`.

        Returns
        -------
        float
            Template pixels; may be fractional.
        """
        return (np.log10(wavelength[pixels.start]) - self.loglam0) / DLOGLAM

    def smooth_removed(self, half: int, share: float) -> np.ndarray:
        """Spline coefficients less a share of their running mean.

        Parameters
        ----------
        half : int
            The mean is over 2 * half + 1 pixels.
        share : float

        Returns
        -------
        ndarray of float64, [j, q]
        """
        if share <= 0:
            return self.coefficient
        with _MAKING:
            if (half, share) not in self._filtered:
                self._filtered[half, share] = subtract_running_mean(self.coefficient, half, share)
            return self._filtered[half, share]

    def evaluate(self, template: int, velocity: float, wavelength: np.ndarray, pixels: slice) -> np.ndarray:
        """Flux of one template at one velocity on the compared pixels.

        Parameters
        ----------
        template : int
        velocity : float
            km/s.
        wavelength, pixels
            As for `splines`.

        Returns
        -------
        ndarray of float64, [p]
        """
        first, *weights = spline_weights(self.offset(wavelength, pixels), velocity)
        count = pixels.stop - pixels.start
        row = self.coefficient[template]
        return sum(weights[m] * row[first + m : first + m + count] for m in range(4))

    def flux(self, velocity: np.ndarray, wavelength: np.ndarray, pixels: slice) -> np.ndarray:
        """Flux of all templates at all velocities on the compared pixels.

        Parameters
        ----------
        velocity : ndarray, [v]
            km/s.
        wavelength, pixels
            As for `splines`.

        Returns
        -------
        ndarray of float64, [j, v, p]
        """
        count = pixels.stop - pixels.start
        result = np.empty((len(self), len(velocity), count))
        for k, value in enumerate(velocity):
            first, *weights = spline_weights(self.offset(wavelength, pixels), value)
            result[:, k] = sum(weights[m] * self.coefficient[:, first + m : first + m + count] for m in range(4))
        return result

    def made_once(self, name: str, wavelength: np.ndarray, make: Callable[[], Any]) -> Any:
        """What ``make`` returns, kept under ``name`` for the spectra of all threads.

        Parameters
        ----------
        name : str
        wavelength : ndarray
            The observed grid. Another one than at the last call: everything is made anew.
        make : callable
            Without arguments.

        Returns
        -------
        object
        """
        grid = self._compared(wavelength)
        with _MAKING:
            if self._grid != grid:
                self._grid, self._of_grid = grid, {}
            if name not in self._of_grid:
                self._of_grid[name] = make()
            return self._of_grid[name]

    def kept(self, name: str, wavelength: np.ndarray) -> Any:
        """What `made_once` keeps under a name for this grid; None where it keeps nothing.

        Parameters
        ----------
        name, wavelength
            As for `made_once`.
        """
        with _MAKING:
            return self._of_grid.get(name) if self._grid == self._compared(wavelength) else None

    def _compared(self, wavelength: np.ndarray) -> tuple[float, int]:
        """First compared wavelength of an observed grid, and the number of them."""
        pixels = self.pixels(wavelength)
        return float(wavelength[pixels.start]), pixels.stop - pixels.start

    def basis(self, wavelength: np.ndarray, threads: int = 1) -> np.ndarray:
        """Orthonormal bases of span{S x^k} at the coarse velocities, made once for a grid.

        Parameters
        ----------
        wavelength : ndarray of float64, [pixel]
            The observed grid.
        threads : int

        Returns
        -------
        ndarray of float32, [p, 5, j * v]
        """
        return self.made_once("basis", wavelength, lambda: self._orthonormal(wavelength, threads))

    def _orthonormal(self, wavelength: np.ndarray, threads: int) -> np.ndarray:
        pixels = self.pixels(wavelength)
        count, per = pixels.stop - pixels.start, len(self.velocity)
        powers = np.ascontiguousarray(polynomials(count).T)
        places = [spline_weights(self.offset(wavelength, pixels), velocity) for velocity in self.velocity]
        first = np.array([place[0] for place in places])
        weight = np.array([place[1:] for place in places])
        result = np.empty((count, N_COEF, len(self) * per), np.float32)

        def work(start: int) -> None:
            part = self.coefficient[start : start + _TOGETHER]
            orthonormal_columns(part, first, weight, powers, start * per, result)

        over_chunks(work, range(0, len(self), _TOGETHER), threads)
        return result


def check_log_grid(wavelength: np.ndarray) -> None:
    """Refuse wavelengths that are not LAMOST's log10 steps in angstrom.

    Steps of air wavelengths are the same to 3e-9, but they lie 0.2 steps off the grid of whole steps of 1e-4.

    Parameters
    ----------
    wavelength : ndarray of float64, [pixel]

    Raises
    ------
    InputError
        Says what was found.
    """
    if len(wavelength) < 2 or not np.all(np.isfinite(wavelength)) or wavelength[0] <= 0:
        raise InputError("wavelengths must be positive and finite, vacuum angstrom")
    steps = np.diff(np.log10(wavelength))
    if np.abs(steps - DLOGLAM).max() > 1e-7:
        raise InputError(
            f"wavelengths {wavelength[0]:.1f}-{wavelength[-1]:.1f} do not rise in log10 steps of {DLOGLAM:g}: "
            "template matching wants LAMOST's vacuum log grid in angstrom (air wavelengths or nanometres?)"
        )
    place = np.log10(wavelength[[0, -1]]) / DLOGLAM
    if np.abs(place - np.round(place)).max() > 0.1:
        raise InputError(
            f"wavelengths {wavelength[0]:.3f}-{wavelength[-1]:.3f} lie between the steps of LAMOST's grid (log10 a "
            f"multiple of {DLOGLAM:g}): template matching wants them in vacuum (air wavelengths are 0.2 steps off)"
        )
    if not 2000 < wavelength[0] < 30000:
        raise InputError(f"wavelengths start at {wavelength[0]:.4g}: vacuum angstrom is expected (nanometres?)")


def polynomials(count: int) -> np.ndarray:
    """Legendre polynomials of degree 0 to 4 over the compared pixels: a basis of P_4 of Eq. 2.

    Parameters
    ----------
    count : int
        Number of pixels.

    Returns
    -------
    ndarray of float64, [count, 5]
    """
    return np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, count), DEGREE)
