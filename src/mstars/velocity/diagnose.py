"""What stands behind one spectrum's velocities: best model, residuals, chi2 curve, lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mstars.core.lines import velocity_line_set
from mstars.spectra.container import SpectrumSet
from mstars.velocity.match import chi2 as kernels
from mstars.velocity.match.bank import TemplateBank, polynomials
from mstars.velocity.match.default_recipe import MatchOptions, prepare, prepare_weighted, without_smooth
from mstars.velocity.match.mixture import finish_chunk


@dataclass
class Diagnosis:
    """Arrays of one spectrum.

    Attributes
    ----------
    wavelength, flux, model : ndarray, [p]
        Compared pixels, vacuum angstrom; flux divided by its mean, NaN where bad; ``model`` is template times
        polynomial at ``velocity``; NaN without a template.
    velocity : float
        Of template matching, km/s.
    template : str
    grid, chi2 : ndarray, [k]
        The chi2 curve with the best template, every 10 km/s over the bank's reach; chi2 of Eq. 2.
    minimised : ndarray, [k]
        The same of what recipe ``default`` brings to its minimum, less that minimum: weighted, filtered, outliers left
        out (with the best template alone); NaN for recipe ``paper``.
    lines : dict of str to ndarray
        Rest wavelengths of the absorption and emission lines.
    """

    wavelength: np.ndarray
    flux: np.ndarray
    model: np.ndarray
    velocity: float
    template: str
    grid: np.ndarray
    chi2: np.ndarray
    minimised: np.ndarray
    lines: dict


def diagnose(
    spectrum: SpectrumSet, bank: TemplateBank, template: str, velocity: float, options: MatchOptions | None = None
) -> Diagnosis:
    """Model and chi2 curve of one spectrum with the template and velocity that were measured.

    Parameters
    ----------
    spectrum : SpectrumSet
        One spectrum.
    bank : TemplateBank
    template : str
        Its name; '' or an unknown one leaves model and curve NaN.
    velocity : float
        km/s.
    options : MatchOptions, optional
        With which it was measured.
    """
    options = options or MatchOptions()
    pixels = bank.pixels(spectrum.wavelength)
    flux, bad, _ = prepare(spectrum, pixels)
    good = ~bad[0]
    grid = np.arange(bank.velocity[0], bank.velocity[-1] + 1e-9, 10.0)
    model, curve = np.full(flux.shape[1], np.nan), np.full((1, len(grid)), np.nan)
    minimised = np.full(len(grid), np.nan)
    number = np.flatnonzero(bank.name == template)
    if len(number) and np.isfinite(velocity) and good.sum() > 50:
        design = polynomials(flux.shape[1]) * bank.evaluate(number[0], velocity, spectrum.wavelength, pixels)[:, None]
        model = design @ np.linalg.lstsq(design[good], flux[0, good].astype(float), rcond=None)[0]
        kernels.curve_chunk(
            flux,
            good[None].astype(np.float32),
            np.linspace(-1.0, 1.0, flux.shape[1]),
            bank.coefficient,
            bank.offset(spectrum.wavelength, pixels),
            number[:1],
            grid[None],
            curve,
        )
        if options.recipe == "default":
            minimised = _minimised(spectrum, bank, pixels, number[0], velocity, grid, options)
    return Diagnosis(
        wavelength=spectrum.wavelength[pixels],
        flux=np.where(good, flux[0], np.nan),
        model=model,
        velocity=float(velocity),
        template=template,
        grid=grid,
        chi2=curve[0] / max(good.sum(), 1),
        minimised=minimised,
        lines={kind: velocity_line_set(kind)[1] for kind in ("absorption", "emission")},
    )


def _minimised(spectrum, bank, pixels, number, velocity, grid, options: MatchOptions) -> np.ndarray:
    """chi2 over ``grid`` less its least, as `mstars.velocity.match.default_recipe.match_templates` refines it."""
    flux, bad, _, weight = prepare_weighted(spectrum, pixels, options)
    fine, weight, coefficient = without_smooth(flux, bad, weight, bank, options)
    curve = np.empty((1, len(grid)))
    finish_chunk(
        fine,
        weight,
        np.linspace(-1.0, 1.0, fine.shape[1]),
        coefficient,
        bank.offset(spectrum.wavelength, pixels),
        np.array([[number]]),
        np.array([number]),
        np.array([velocity]),
        float(np.abs(grid).max() + 30.0),
        (options.clip_sigma, options.local_pixels // 2, options.mixture),
        grid,
        np.empty((1, 5)),
        curve,
        np.empty(1, int),
    )
    return curve[0] - curve[0].min()
