"""Making a `TemplateBank`: steps 3, 4b and 5 of section 3.2 for templates, then a B-spline on the log grid."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import make_interp_spline

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.spectra.wavelengths import DLOGLAM, TEMPLATE_GRID
from mstars.velocity.match.bank import TemplateBank, coarse_grid
from mstars.velocity.match.splines import spline_coefficients

SCALINGS = ("mean", "zscore")

TEMPLATE_RANGE = (float(TEMPLATE_GRID[0]), float(TEMPLATE_GRID[-1]))
"""Step 4b of section 3.2: 4700 to 8899 A."""

FOOT = 3
"""Pixels of the log grid at each end that are not compared: there the spline's ends are felt."""


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
    """Prepare templates for matching.

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

    Returns
    -------
    TemplateBank
        Those of the templates that cover ``rest_range``.

    Raises
    ------
    InputError
        No template covers the range, or one is flat or not finite.
    """
    if scaling not in SCALINGS:
        raise InputError(f"template scaling {scaling!r} is not one of {', '.join(SCALINGS)}")
    wavelength, flux = np.asarray(wavelength, dtype=float), np.asarray(flux, dtype=float)
    names = np.asarray(names, dtype=str)
    velocity = coarse_grid() if velocity is None else np.asarray(velocity, dtype=float)
    margin = np.abs(velocity).max() + 60.0 if margin is None else margin
    moving = np.zeros(len(names)) if moving is None else np.asarray(moving, dtype=float)
    low, high = rest_range
    covered = _covered(wavelength, flux, rest_range)
    loglam = DLOGLAM * np.arange(np.ceil(np.log10(low) / DLOGLAM), np.floor(np.log10(high) / DLOGLAM) + 1)
    rows = [
        _on_log_grid(wavelength / (1.0 + speed / C_KMS), row, loglam, scaling, rest_range)
        for row, speed in zip(flux[covered], moving[covered], strict=True)
    ]
    for name, row in zip(names[covered], rows, strict=True):
        if not np.isfinite(row).all() or np.ptp(row) < 1e-9:
            raise InputError(f"template {str(name)!r} is constant or not finite between {low:.0f} and {high:.0f} A")
    blank = np.full(len(names), "")
    labels = [blank if part is None else np.asarray(part, dtype=str) for part in (spectral_class, subclass, luminosity)]
    factor = 1.0 + margin / C_KMS
    return TemplateBank(
        names[covered],
        *(part[covered] for part in labels),
        coefficient=np.array([spline_coefficients(row) for row in rows]),
        loglam0=float(loglam[0]),
        velocity=velocity,
        window=(10 ** (loglam[0] + FOOT * DLOGLAM) * factor, 10 ** (loglam[-1] - FOOT * DLOGLAM) / factor),
        scaling=scaling,
        reach=margin,
    )


def _covered(wavelength: np.ndarray, flux: np.ndarray, rest_range: tuple[float, float]) -> np.ndarray:
    """Which templates cover the range, bool [j]; an error where none does."""
    low, high = rest_range
    inside = (wavelength >= low - 2.0) & (wavelength <= high + 2.0)
    covered = inside.any() and np.isfinite(flux[:, inside]).all(axis=1)
    covered = covered & (wavelength[0] <= low) & (wavelength[-1] >= high)
    if not np.any(covered):
        raise InputError(
            f"none of {len(flux)} templates covers {low:.0f}-{high:.0f} A: give others or narrow rvmm.rest_range"
        )
    return covered


def _on_log_grid(wavelength, flux, loglam, scaling, rest_range) -> np.ndarray:
    """One template, scaled, on the log grid: float64 [len(loglam)]; NaN where it cannot be scaled."""
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
