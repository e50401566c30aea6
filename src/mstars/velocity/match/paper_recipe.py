"""Template matching, recipe ``paper`` (section 3.4.3): a Gaussian over the chi2 curve, 1001 shifts for the error.

The 1001 shifts move the observed spectrum and measure it again. Moving it changes nothing but the velocities at which
chi2 is taken, so one finely sampled chi2 curve with a spline holds all 1001 measurements.
"""

from __future__ import annotations

import math

import numba
import numpy as np
import pandas as pd

from mstars.core.config.template_matching import MatchOptions
from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.core.flags import TemplateFlag
from mstars.spectra.container import SpectrumSet
from mstars.velocity.compiling import observed
from mstars.velocity.match.bank import N_COEF, TemplateBank
from mstars.velocity.match.chi2 import curve_chunk
from mstars.velocity.match.prepare import measurable, prepare, scaled_ivar
from mstars.velocity.match.result import as_table, curve_flags, empty_result, pixel_flags
from mstars.velocity.match.scan import coarse_chi2, make_ready
from mstars.velocity.normal_equations import solve_damped
from mstars.velocity.pool import CHUNK, over_chunks

SHIFT_LIMIT = 500.0
"""Applied shifts run from -500 to 500 km/s."""

REACH = 1760.0
"""Largest speed at which a template is evaluated: 600 (first velocity) + 600 (grid) + 500 (shift) + 60, km/s."""

CURVE_STEP_KMS = 30.0
"""Step at which chi2 is sampled between the coarse velocities: half of theirs."""

FITTED = 16
"""Templates, of least coarse chi2, whose curves get a Gaussian."""


@numba.njit(cache=True)
def _squares(x, y, parameter):
    """Sum of squared residuals of a bell."""
    total = 0.0
    for i in range(x.size):
        u = (x[i] - parameter[2]) / parameter[3]
        total += (y[i] - parameter[0] - parameter[1] * math.exp(-0.5 * u * u)) ** 2
    return total


@numba.njit(cache=True)
def fit_bell(x, y, parameter, most=40):
    """Least-squares fit of base + height * exp(-(x - centre)^2 / 2 sigma^2), in place.

    The centre stays on the grid and sigma below its length: a curve without a line would send them anywhere.

    Parameters
    ----------
    x, y : ndarray of float64, [v]
    parameter : ndarray of float64, [4]
        First guess, and result: base, height, centre, sigma.
    most : int
        Steps at most.

    Returns
    -------
    float
        Sum of squared residuals.
    """
    count = 4
    normal, work, gradient = np.empty((count, count)), np.empty((count, count)), np.empty(count)
    step, trial, row = np.empty(count), np.empty(count), np.empty(count)
    damping, best = 1e-3, np.inf
    for _ in range(most):
        normal[:] = 0.0
        gradient[:] = 0.0
        best = 0.0
        for i in range(x.size):
            u = (x[i] - parameter[2]) / parameter[3]
            bell = math.exp(-0.5 * u * u)
            row[0], row[1] = 1.0, bell
            row[2] = parameter[1] * bell * u / parameter[3]
            row[3] = row[2] * u
            residual = y[i] - parameter[0] - parameter[1] * bell
            best += residual * residual
            for j in range(count):
                gradient[j] += row[j] * residual
                for k in range(j + 1):
                    normal[j, k] += row[j] * row[k]
        moved, value = False, best
        for _ in range(8):
            if solve_damped(normal, gradient, damping, work, step):
                for k in range(count):
                    trial[k] = parameter[k] + step[k]
                # a bell off the grid or wider than it is no line
                if 1.0 < abs(trial[3]) < x[-1] - x[0] and x[0] <= trial[2] <= x[-1]:
                    value = _squares(x, y, trial)
                    if value <= best:
                        moved = True
                        break
            damping *= 8.0
        if not moved:
            break
        done = abs(trial[2] - parameter[2]) < 2e-3
        parameter[:] = trial
        damping = max(damping * 0.1, 1e-9)
        if done:
            break
    return best


@numba.njit(cache=True)
def _start_bell(x, y, parameter):
    k = np.argmin(y)
    base = y.max()
    parameter[0], parameter[1], parameter[2], parameter[3] = base, min(y[k] - base, -1e-12), x[k], 120.0


@numba.njit(nogil=True, cache=True)
def best_by_gaussian(curves, velocity, first, template, initial, least):
    """The template whose fitted Gaussian is deepest.

    Parameters
    ----------
    curves : ndarray of float32, [n, j, v]
        chi2.
    velocity : ndarray of float64, [v]
        km/s.
    first : ndarray of int64, [n, k]
        The templates that are tried.
    template : ndarray of int64, [n]
        Result; -1: none has a line.
    initial : ndarray of float64, [n]
        Result: centre of its Gaussian, km/s.
    least : ndarray of float64, [n]
        Result: chi2 there.
    """
    for row in range(curves.shape[0]):
        least[row], template[row], initial[row] = np.inf, -1, np.nan
        parameter = np.empty(4)
        for c in range(first.shape[1]):
            y = curves[row, first[row, c]].astype(np.float64)
            scale = y.max()
            if not scale > 0:
                continue
            y /= scale
            _start_bell(velocity, y, parameter)
            fit_bell(velocity, y, parameter)
            bottom = (parameter[0] + parameter[1]) * scale
            if parameter[1] < 0 and abs(parameter[2]) <= abs(velocity[0]) + 60.0 and bottom < least[row]:
                least[row], template[row], initial[row] = bottom, first[row, c], parameter[2]


@numba.njit(cache=True)
def spline_second(y, step):
    """Second derivatives of the natural cubic spline through equidistant points.

    Parameters
    ----------
    y : ndarray of float64, [k]
    step : float
        Distance of the points.

    Returns
    -------
    ndarray of float64, [k]
    """
    count = y.size
    second, work = np.zeros(count), np.zeros(count)
    for i in range(1, count - 1):
        pivot = 4.0 - work[i - 1] if i > 1 else 4.0
        right = 6.0 * (y[i - 1] - 2 * y[i] + y[i + 1]) / step**2
        second[i] = (right - (second[i - 1] if i > 1 else 0.0)) / pivot
        work[i] = 1.0 / pivot
    for i in range(count - 3, 0, -1):
        second[i] -= work[i] * second[i + 1]
    return second


@numba.njit(cache=True)
def spline_value(y, second, low, step, x):
    """The spline of `spline_second` at one place.

    Parameters
    ----------
    y, second : ndarray of float64, [k]
        Values and second derivatives.
    low, step : float
        The first point's place, and the points' distance.
    x : float

    Returns
    -------
    float
    """
    k = min(max(int((x - low) / step), 0), y.size - 2)
    b = (x - low) / step - k
    a = 1.0 - b
    return a * y[k] + b * y[k + 1] + ((a**3 - a) * second[k] + (b**3 - b) * second[k + 1]) * step**2 / 6.0


@numba.njit(cache=True)
def shift_residuals(curve, low, step, initial, velocity, shifts):
    """Measured minus applied velocity for each applied shift, from one chi2 curve.

    Parameters
    ----------
    curve : ndarray of float64, [k]
        chi2, every ``step`` from ``low`` on.
    low, step : float
        km/s.
    initial : float
        The first velocity, km/s.
    velocity : ndarray of float64, [v]
        Coarse velocities around it, km/s.
    shifts : ndarray of float64, [s]
        Applied shifts, km/s.

    Returns
    -------
    ndarray of float64, [s]
        km/s.
    """
    second = spline_second(curve, step)
    residual = np.empty(shifts.size)
    y, parameter = np.empty(velocity.size), np.empty(4)
    scale = curve.max()
    fitted = False
    for s in range(shifts.size):
        for k in range(velocity.size):
            # the shifted spectrum at trial velocity v is the observed one at this velocity
            factor = (1 + initial / C_KMS) * (1 + velocity[k] / C_KMS) / (1 + shifts[s] / C_KMS)
            y[k] = spline_value(curve, second, low, step, C_KMS * (factor - 1.0)) / scale
        # the last fit, moved on, is the best start
        if fitted and abs(parameter[2]) < velocity[-1] - 60.0 and 20.0 < abs(parameter[3]) < 600.0:
            parameter[2] += shifts[s] - shifts[s - 1]
        else:
            _start_bell(velocity, y, parameter)
        fit_bell(velocity, y, parameter, 15)
        fitted = True
        residual[s] = parameter[2] - shifts[s]
    return residual


@numba.njit(nogil=True, cache=True)
def all_residuals(curves, low, step, initial, velocity, shifts, out):
    """Mean and standard deviation of `shift_residuals` for each spectrum.

    Parameters
    ----------
    curves : ndarray of float64, [n, k]
    low, initial : ndarray of float64, [n]
        km/s.
    step, velocity, shifts
        As for `shift_residuals`.
    out : ndarray of float64, [n, 2]
        Result, km/s.
    """
    for row in range(curves.shape[0]):
        residual = shift_residuals(curves[row], low[row], step, initial[row], velocity, shifts)
        out[row, 0], out[row, 1] = residual.mean(), residual.std()


def applied_shifts(step: float) -> np.ndarray:
    """The applied shifts, -500 to 500 km/s: 1001 of them for a step of 1.

    Parameters
    ----------
    step : float
        km/s.

    Returns
    -------
    ndarray of float64, [s]
    """
    return np.arange(-SHIFT_LIMIT, SHIFT_LIMIT + 1e-9, step)


def match_paper(
    spectra: SpectrumSet,
    bank: TemplateBank,
    options: MatchOptions | None = None,
    threads: int = 1,
    *,
    chunk: int = CHUNK,
) -> pd.DataFrame:
    """Radial velocities by the recipe ``paper``: the columns and flags of `match_templates`.

    Parameters
    ----------
    spectra : SpectrumSet
        n spectra; step 1 only.
    bank : TemplateBank
        Made with ``margin=REACH``; z-scored for the paper's wording, mean-scaled for the same recipe without that trap.
    options : MatchOptions, optional
        ``shift_step_kms`` thins the 1001 shifts, whose residuals vary smoothly.
    threads, chunk : int
        As for `match_templates`.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        When the bank does not reach far enough for the shifts.
    """
    options = options or MatchOptions()
    if bank.reach < REACH:
        raise InputError(f"the paper recipe moves spectra by up to {REACH:.0f} km/s: make the bank with margin=REACH")
    pixels = bank.pixels(spectra.wavelength)

    def work(start: int) -> dict[str, np.ndarray]:
        return _chunk(spectra.select(slice(start, start + chunk)), bank, pixels, options)

    if len(spectra):
        make_ready(bank, spectra.wavelength, "exhaustive", threads)
    starts = range(0, max(len(spectra), 1), chunk)
    return as_table(over_chunks(work, starts, threads))


def _chunk(spectra: SpectrumSet, bank: TemplateBank, pixels: slice, options: MatchOptions) -> dict[str, np.ndarray]:
    flux, bad, scale = prepare(spectra, pixels)
    result = empty_result(spectra.spectrum_key, (~bad).sum(axis=1))
    rows = measurable(flux, bad)
    if not len(rows):
        return result
    flux, bad = flux[rows], bad[rows]
    coarse = coarse_chi2(flux, bad, bank, spectra.wavelength)
    template, initial, fitted = _first_velocity(coarse, bank)
    splines = bank.splines(spectra.wavelength, pixels)
    weight = (~bad).astype(np.float32)
    residual = _residuals(observed(flux, weight), splines, template, initial, bank.velocity, options)
    chosen = np.take_along_axis(coarse, template[:, None, None], axis=1)[:, 0].astype(float)
    least, n_good = chosen.min(axis=1), result["tm_n_pixels"][rows]
    per_degree = np.maximum(least, 0) / np.maximum(n_good - N_COEF - 1, 1)
    flag = curve_flags(chosen, bank.velocity, initial, least, per_degree, options)
    flag |= pixel_flags(weight, scaled_ivar(spectra.ivar[rows, pixels], bad, scale[rows]), least, n_good, options)
    none = ~fitted | ~np.isfinite(residual).all(axis=1)
    result["rv_tm"][rows] = np.where(none, np.nan, initial + residual[:, 0])
    result["rv_tm_err"][rows] = np.where(none, np.nan, residual[:, 1])
    result["tm_template"][rows] = bank.name[template]
    result["tm_class"][rows] = bank.spectral_class[template]
    result["tm_chi2"][rows] = least / np.maximum(n_good, 1)
    result["tm_flag"][rows] = np.where(none, flag | TemplateFlag.NOT_MEASURED, flag).astype(np.int32)
    return result


def _first_velocity(coarse: np.ndarray, bank: TemplateBank) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Template and velocity (km/s) of the deepest fitted Gaussian, and whether there is one: [k] each.

    Without one: the template of least coarse chi2, at 0.
    """
    count = min(FITTED, len(bank))
    first = np.argsort(coarse.min(axis=2), axis=1, kind="stable")[:, :count]
    template, initial, least = (np.empty(len(coarse), kind) for kind in (np.int64, float, float))
    best_by_gaussian(coarse, bank.velocity, first, template, initial, least)
    fitted = template >= 0
    return np.where(fitted, template, first[:, 0]), np.where(fitted, initial, 0.0), fitted


def _residuals(seen, splines, template, initial, velocity, options: MatchOptions) -> np.ndarray:
    """Mean and standard deviation of measured minus applied velocity, [k, 2], km/s."""
    step = CURVE_STEP_KMS
    reach = np.abs(velocity).max() + SHIFT_LIMIT + 20.0
    grid = np.arange(-reach, reach + step, step)
    curves = np.empty((len(template), len(grid)))
    curve_chunk(seen, splines, template, initial[:, None] + grid, curves)
    residual = np.empty((len(template), 2))
    shifts = applied_shifts(options.shift_step_kms)
    all_residuals(curves, initial - reach, step, initial, velocity, shifts, residual)
    return residual
