"""What stands behind one spectrum's velocities: best model, residuals, chi2 curve, lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.core.config.template_matching import MatchOptions
from mstars.core.config.velocities import Rvmm
from mstars.core.lines import velocity_line_set
from mstars.spectra.container import SpectrumSet
from mstars.templates.library import TemplateLibrary
from mstars.velocity.compiling import Splines, observed
from mstars.velocity.lines.measure import dsel
from mstars.velocity.match.bank import TemplateBank, polynomials
from mstars.velocity.match.chi2 import curve_chunk
from mstars.velocity.match.default_recipe import steps_of
from mstars.velocity.match.library_bank import SHORT_END, bank_of
from mstars.velocity.match.mixture import Start, finish
from mstars.velocity.match.prepare import LEAST_PIXELS, prepare, prepare_weighted, without_smooth
from mstars.velocity.stage import match


@dataclass
class Diagnosis:
    """Arrays of one spectrum.

    Attributes
    ----------
    wavelength, flux, model : ndarray, [p]
        Observed pixels, vacuum angstrom; flux divided by its mean, NaN where bad; ``model`` is template times
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

    Returns
    -------
    Diagnosis
    """
    options = options or MatchOptions()
    pixels = bank.pixels(spectrum.wavelength)
    flux, bad, _ = prepare(spectrum, pixels)
    good = ~bad[0]
    grid = np.arange(bank.velocity[0], bank.velocity[-1] + 1e-9, 10.0)
    model, curve = np.full(flux.shape[1], np.nan), np.full((1, len(grid)), np.nan)
    minimised = np.full(len(grid), np.nan)
    number = np.flatnonzero(bank.name == template)
    if len(number) and np.isfinite(velocity) and good.sum() > LEAST_PIXELS:
        design = polynomials(flux.shape[1]) * bank.evaluate(number[0], velocity, spectrum.wavelength, pixels)[:, None]
        model = design @ np.linalg.lstsq(design[good], flux[0, good].astype(float), rcond=None)[0]
        seen = observed(flux, good[None].astype(np.float32))
        curve_chunk(seen, bank.splines(spectrum.wavelength, pixels), number[:1], grid[None], curve)
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


def diagnose_measured(
    spectrum: SpectrumSet, row: pd.Series, library: TemplateLibrary, options: Rvmm
) -> tuple[Diagnosis, dict]:
    """`diagnose` with the bank that a spectrum was measured with, and all its velocities.

    Parameters
    ----------
    spectrum : SpectrumSet
        One spectrum.
    row : pandas.Series
        Its row of `mstars.velocity.stage.measure`.
    library : TemplateLibrary
    options : Rvmm
        The config section ``rvmm``.

    Returns
    -------
    diagnosis : Diagnosis
    velocities : dict
        The row, with rv_tml7500 and rv_dsel measured now (km/s).
    """
    bank, matching = bank_of(library, options.tm), options.tm
    if row["tm_wide"]:
        bank, matching = bank.wide, matching.over_faint_range()
    short = match(spectrum, bank_of(library, options.tm, end=SHORT_END), options.tm)
    emission = dsel(spectrum, options.lines)
    velocities = dict(row) | {"rv_tml7500": short["rv_tm"].iloc[0], "rv_dsel": emission["rv_dsel"].iloc[0]}
    return diagnose(spectrum, bank, row["tm_template"], row["rv_tm"], matching), velocities


def _minimised(spectrum, bank, pixels, number, velocity, grid, options: MatchOptions) -> np.ndarray:
    """chi2 over ``grid`` less its least, as `mstars.velocity.match.default_recipe.match_templates` refines it."""
    flux, bad, _, weight = prepare_weighted(spectrum, pixels, options)
    fine, weight, coefficient = without_smooth(flux, bad, weight, bank, options)
    splines = Splines(coefficient, bank.offset(spectrum.wavelength, pixels))
    start = Start(np.array([[number]]), np.array([number]), np.array([velocity]))
    steps = steps_of(options, float(np.abs(grid).max() + 30.0))
    curve = finish(observed(fine, weight), splines, start, steps, grid).curve
    return curve[0] - curve[0].min()
