"""Making a `TemplateBank`: steps 3, 4b and 5 of section 3.2 for templates, then a B-spline on the log grid."""

from __future__ import annotations

import numpy as np

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.spectra.wavelengths import DLOGLAM, TEMPLATE_GRID
from mstars.velocity.match.bank import TemplateBank, coarse_grid
from mstars.velocity.match.splines import spline_coefficients

SCALINGS = ("mean", "zscore")
"""How templates are scaled.

``mean``: divided by the mean, and positive; a polynomial can undo any scale. ``zscore``: the paper's step 5 on the 1 A
grid; no polynomial can restore the constant that it subtracts.
"""

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
        See `SCALINGS`.
    rest_range : (float, float)
        Template wavelengths used, angstrom; with ``zscore`` within `TEMPLATE_RANGE`, where the paper's grid ends.
    velocity, margin : ndarray, float, optional
        Coarse velocities (`coarse_grid`); largest speed of a template, by default the grid's end plus 60. km/s.
    moving : ndarray, [j] or [j, q], optional
        Velocities of the templates themselves, km/s (`align.rest_offsets`), taken out first; [j, q]: by wavelength.

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
    speeds = np.zeros(len(names)) if moving is None else np.asarray(moving, dtype=float)
    if scaling == "zscore":
        rest_range = (max(rest_range[0], TEMPLATE_RANGE[0]), min(rest_range[1], TEMPLATE_RANGE[1]))
    covered = _covered(wavelength, flux, rest_range)
    loglam = _log_grid(rest_range)
    rows = [
        _on_log_grid(wavelength / (1.0 + speeds[k] / C_KMS), flux[k], loglam, scaling, rest_range, names[k])
        for k in np.flatnonzero(covered)
    ]
    labels = [_labels(part, covered) for part in (names, spectral_class, subclass, luminosity)]
    return _from_rows(labels, rows, loglam, velocity, margin, scaling)


def _from_rows(labels, rows, loglam, velocity, margin, scaling) -> TemplateBank:
    factor = 1.0 + margin / C_KMS
    return TemplateBank(
        *labels,
        coefficient=np.array([spline_coefficients(row) for row in rows]),
        loglam0=float(loglam[0]),
        velocity=velocity,
        window=(10 ** (loglam[0] + FOOT * DLOGLAM) * factor, 10 ** (loglam[-1] - FOOT * DLOGLAM) / factor),
        scaling=scaling,
        reach=margin,
    )


def _log_grid(rest_range: tuple[float, float]) -> np.ndarray:
    """The steps of LAMOST's log grid within the range, log10 angstrom."""
    low, high = rest_range
    return DLOGLAM * np.arange(np.ceil(np.log10(low) / DLOGLAM), np.floor(np.log10(high) / DLOGLAM) + 1)


def _labels(part, covered: np.ndarray) -> np.ndarray:
    """Labels of the templates used; '' where none are given."""
    return (np.full(len(covered), "") if part is None else np.asarray(part, dtype=str))[covered]


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


def _on_log_grid(wavelength, flux, loglam, scaling, rest_range, name) -> np.ndarray:
    """One template, scaled, on the log grid: float64 [len(loglam)]."""
    good = np.isfinite(flux)
    if scaling == "zscore":
        grid = TEMPLATE_GRID[(TEMPLATE_GRID >= rest_range[0]) & (TEMPLATE_GRID <= rest_range[1])]
        flux = np.interp(grid, wavelength[good], flux[good])
        spread = flux.std()
        value = np.interp(10**loglam, grid, (flux - flux.mean()) / (spread if spread > 0 else 1.0))
    else:
        value = _over_mean(np.log10(wavelength[good]), flux[good], loglam)
    if not np.isfinite(value).all() or np.ptp(value) < 1e-9:
        low, high = rest_range
        raise InputError(f"template {str(name)!r} is constant or not finite between {low:.0f} and {high:.0f} A")
    return value


def _over_mean(own: np.ndarray, flux: np.ndarray, loglam: np.ndarray) -> np.ndarray:
    """A flux on the log grid ``own``, over its mean on the grid ``loglam``; NaN where that is not positive."""
    if np.abs(np.diff(own) - DLOGLAM).max() < 1e-9 and abs((loglam[0] - own[0]) / DLOGLAM % 1) in (0.0, 1.0):
        value = np.interp(loglam, own, flux)
    else:
        # here, since a job that reads a bank from its file makes none
        from scipy.interpolate import make_interp_spline

        value = make_interp_spline(own, flux, k=3)(loglam)
    mean = value.mean()
    return value / mean if np.isfinite(mean) and mean > 0 else np.full_like(value, np.nan)
