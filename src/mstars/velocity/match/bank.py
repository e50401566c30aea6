"""Templates ready for matching: scaled, splined on the log grid, with orthonormal bases at the coarse velocities."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import make_interp_spline

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.spectra.wavelengths import DLOGLAM, TEMPLATE_GRID
from mstars.velocity.match.chi2 import orthonormal_columns, subtract_running_mean
from mstars.velocity.pool import over_chunks

DEGREE = 4
"""Degree of the multiplicative polynomial P_k of Eq. 2 (k = 4)."""

N_COEF = DEGREE + 1

MAKING = threading.RLock()
"""Held while what the spectra of all threads share is made."""

_TOGETHER = 8
SCALINGS = ("mean", "zscore")
TEMPLATE_RANGE = (float(TEMPLATE_GRID[0]), float(TEMPLATE_GRID[-1]))
"""Step 4b of section 3.2: 4700 to 8899 A."""


def coarse_grid(limit: float = 600.0, step: float = 60.0) -> np.ndarray:
    """Velocities 60 n, -10 <= n <= 10, of section 3.4.3, km/s."""
    count = int(round(limit / step))
    return step * np.arange(-count, count + 1, dtype=float)


def pixel_shift(velocity):
    """Shift in pixels of the log grid for a velocity in km/s (no small-velocity approximation)."""
    return np.log10(1.0 + np.asarray(velocity, dtype=float) / C_KMS) / DLOGLAM


def spline_weights(shift: float) -> tuple[int, np.ndarray]:
    """Whole shift and the four cubic B-spline weights of a template moved by ``shift`` pixels to the red.

    On a uniform grid the fraction of the shift is the same at each pixel, so a cubic spline is a sum of four
    coefficient arrays: value[i] = sum_m weight[m] * coefficient[i + whole + m].
    """
    position = -shift
    whole = int(np.floor(position))
    t = position - whole
    weights = np.array([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6.0
    return whole - 1, weights


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
    _basis: dict = field(default_factory=dict, repr=False)
    _filtered: dict = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.name)

    def pixels(self, wavelength: np.ndarray) -> slice:
        """Pixels of an observed log grid that are compared.

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

    def offset(self, wavelength: np.ndarray, pixels: slice) -> float:
        """Position (in template pixels, may be fractional) of the first compared pixel at velocity 0."""
        return (np.log10(wavelength[pixels.start]) - self.loglam0) / DLOGLAM

    def smooth_removed(self, half: int, share: float) -> np.ndarray:
        """Spline coefficients less ``share`` of their running mean over 2 * half + 1 pixels: float64 [j, q]."""
        if share <= 0:
            return self.coefficient
        key = ("smooth", half, share)
        with MAKING:
            if key not in self._filtered:
                self._filtered[key] = subtract_running_mean(self.coefficient, half, share)
            return self._filtered[key]

    def evaluate(self, template: int, velocity: float, wavelength: np.ndarray, pixels: slice) -> np.ndarray:
        """Flux of one template at one velocity on the compared pixels, float64 [p]."""
        whole, weights = spline_weights(pixel_shift(velocity) - self.offset(wavelength, pixels))
        count = pixels.stop - pixels.start
        row = self.coefficient[template]
        return sum(weights[m] * row[whole + m : whole + m + count] for m in range(4))

    def flux(self, velocity: np.ndarray, wavelength: np.ndarray, pixels: slice) -> np.ndarray:
        """Flux of all templates at all velocities, float64 [j, v, p]."""
        count = pixels.stop - pixels.start
        result = np.empty((len(self), len(velocity), count))
        for k, value in enumerate(velocity):
            whole, weights = spline_weights(pixel_shift(value) - self.offset(wavelength, pixels))
            result[:, k] = sum(weights[m] * self.coefficient[:, whole + m : whole + m + count] for m in range(4))
        return result

    def basis(self, wavelength: np.ndarray, threads: int = 1) -> np.ndarray:
        """Orthonormal bases of span{S x^k}: float32 [p, 5, j * v]; kept for the grid it was made for."""
        pixels = self.pixels(wavelength)
        key = (float(wavelength[pixels.start]), pixels.stop - pixels.start)
        with MAKING:
            if self._basis.get("key") != key:
                self._basis = {"key": key, "value": self._orthonormal(wavelength, pixels, threads)}
            return self._basis["value"]

    def _orthonormal(self, wavelength: np.ndarray, pixels: slice, threads: int) -> np.ndarray:
        count, per = pixels.stop - pixels.start, len(self.velocity)
        powers = np.ascontiguousarray(polynomials(count).T)
        places = [spline_weights(shift - self.offset(wavelength, pixels)) for shift in pixel_shift(self.velocity)]
        first = np.array([whole for whole, _ in places])
        weight = np.array([own for _, own in places])
        result = np.empty((count, N_COEF, len(self) * per), np.float32)

        def work(start: int) -> None:
            part = self.coefficient[start : start + _TOGETHER]
            orthonormal_columns(part, first, weight, powers, start * per, result)

        over_chunks(work, range(0, len(self), _TOGETHER), threads)
        return result


def check_log_grid(wavelength: np.ndarray) -> None:
    """Refuse wavelengths that are not LAMOST's log10 steps in angstrom.

    Steps of air wavelengths are the same to 3e-9, but they lie 0.2 steps off the grid of whole steps of 1e-4.

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
    """Legendre polynomials 0 to 4 over ``count`` pixels, float64 [count, 5]."""
    return np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, count), DEGREE)


def make_bank(
    wavelength: np.ndarray,
    flux: np.ndarray,
    names: np.ndarray,
    *,
    spectral_class=None,
    subclass=None,
    luminosity=None,
    scaling: str = "mean",
    rest_range: tuple[float, float] = TEMPLATE_RANGE,
    velocity: np.ndarray | None = None,
    margin: float | None = None,
    moving: np.ndarray | None = None,
) -> TemplateBank:
    """Prepare templates (steps 3, 4b and 5 of section 3.2 for ``zscore``; scaled by their mean for ``mean``).

    Parameters
    ----------
    wavelength : ndarray, [q]
        Vacuum angstrom; ascending. Any grid.
    flux : ndarray, [j, q]
        Template fluxes; NaN where a template does not reach.
    names : sequence of str, [j]
    spectral_class, subclass, luminosity : sequence of str, [j], optional
    scaling : {'mean', 'zscore'}
        ``mean``: divided by the mean, positive; a polynomial can undo any scale. ``zscore``: the paper's step 5 on the
        1 A grid, after which no product can restore the constant that was subtracted.
    rest_range : (float, float)
        Template wavelengths used, angstrom. Templates that do not cover it are refused.
    velocity : ndarray, optional
        Coarse velocities, km/s (`coarse_grid`).
    margin : float, optional
        Largest speed at which a template is evaluated, km/s; by default the grid's end plus 60.
    moving : ndarray, [j] or [j, q], optional
        Velocities of the templates themselves, km/s (`align.rest_offsets`), taken out first; with two axes, along
        the wavelengths too.

    Raises
    ------
    InputError
        No template covers the range, or one is flat or not finite.
    """
    if scaling not in SCALINGS:
        raise InputError(f"template scaling {scaling!r} is not one of {', '.join(SCALINGS)}")
    flux, names = np.asarray(flux, dtype=float), np.asarray(names, dtype=str)
    velocity = coarse_grid() if velocity is None else np.asarray(velocity, dtype=float)
    margin = np.abs(velocity).max() + 60.0 if margin is None else margin
    wavelength = np.asarray(wavelength, dtype=float)
    low, high = rest_range
    inside = (wavelength >= low - 2.0) & (wavelength <= high + 2.0)
    covered = inside.any() and np.isfinite(flux[:, inside]).all(axis=1)
    covered = covered & (wavelength[0] <= low) & (wavelength[-1] >= high)
    if not np.any(covered):
        raise InputError(
            f"none of {len(names)} templates covers {low:.0f}-{high:.0f} A: give others or narrow rvmm.rest_range"
        )
    # two pixels more on each side than the range, so that the spline's end does not lie in it
    first, last = np.ceil(np.log10(low) / DLOGLAM), np.floor(np.log10(high) / DLOGLAM)
    loglam = DLOGLAM * np.arange(first, last + 1)
    moving = np.zeros(len(names)) if moving is None else np.asarray(moving, dtype=float)
    rows = [
        _prepare(wavelength / (1.0 + speed / C_KMS), row, loglam, scaling, rest_range)
        for row, speed in zip(flux[covered], moving[covered], strict=True)
    ]
    count = len(names)
    blank = np.full(count, "")
    labels = [blank if part is None else np.asarray(part, dtype=str) for part in (spectral_class, subclass, luminosity)]
    for name, row in zip(names[covered], rows, strict=True):
        if not np.isfinite(row).all() or np.ptp(row) < 1e-9:
            raise InputError(f"template {str(name)!r} is constant or not finite between {low:.0f} and {high:.0f} A")
    factor = 1.0 + margin / C_KMS
    return TemplateBank(
        names[covered],
        *(part[covered] for part in labels),
        coefficient=np.array([_coefficients(row) for row in rows]),
        loglam0=float(loglam[0]),
        velocity=velocity,
        # three pixels of the B-spline's foot stay inside too
        window=(10 ** (loglam[0] + 3 * DLOGLAM) * factor, 10 ** (loglam[-1] - 3 * DLOGLAM) / factor),
        scaling=scaling,
        reach=margin,
    )


def _prepare(wavelength, flux, loglam, scaling, rest_range) -> np.ndarray:
    good = np.isfinite(flux)
    if scaling == "zscore":
        grid = TEMPLATE_GRID[(TEMPLATE_GRID >= rest_range[0]) & (TEMPLATE_GRID <= rest_range[1])]
        flux = np.interp(grid, wavelength[good], flux[good])
        spread = flux.std()
        return np.interp(10**loglam, grid, (flux - flux.mean()) / (spread if spread > 0 else 1.0))
    own = np.log10(wavelength[good])
    if np.abs(np.diff(own) - DLOGLAM).max() < 1e-9 and abs((loglam[0] - own[0]) / DLOGLAM % 1) in (0.0, 1.0):
        value = np.interp(loglam, own, flux[good])
    else:
        value = make_interp_spline(own, flux[good], k=3)(loglam)
    mean = value.mean()
    return value / mean if np.isfinite(mean) and mean > 0 else np.full_like(value, np.nan)


def _coefficients(values: np.ndarray) -> np.ndarray:
    """B-spline coefficients on the samples' own grid, natural ends: (c[i-1] + 4 c[i] + c[i+1]) / 6 = value[i]."""
    from scipy.linalg import solve_banded

    count = len(values)
    bands = np.zeros((3, count))
    bands[0, 1:], bands[1], bands[2, :-1] = 1 / 6, 4 / 6, 1 / 6
    bands[1, 0] = bands[1, -1] = 1.0
    bands[0, 1] = bands[2, -2] = 0.0
    return solve_banded((1, 1), bands, values)
