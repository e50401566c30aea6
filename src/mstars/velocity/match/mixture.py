"""Last step of the default recipe, compiled: outliers leave, weights follow the residuals, templates are mixed."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from mstars.core.robust import SIGMA_PER_MAD
from mstars.velocity.compiling import FAST, Observed, Splines
from mstars.velocity.match.chi2 import chi2_at
from mstars.velocity.match.minimum import approach, refine_one
from mstars.velocity.match.splines import template_flux
from mstars.velocity.normal_equations import eliminate, nonnegative, solve_reordered

STEP_KMS = 10.0
"""First step of the descent here: the velocity is known to some km/s already."""

LAGS, LEAST_FACTOR = 8, 0.5
"""Pixels over which residuals may be correlated (550 km/s, three times the resolution); least `score`."""

TURNS = 1
"""Mixtures and velocities found in turn so often; a second turn moves no velocity by what matters."""


class Start(NamedTuple):
    """What `finish_chunk` starts from.

    Attributes
    ----------
    template : ndarray of int64, [n, c]
        Templates that may be mixed; -1: none.
    best : ndarray of int64, [n]
        The one that fits best alone.
    velocity : ndarray of float64, [n]
        Its velocity, km/s; NaN: the spectrum is left out.
    """

    template: np.ndarray
    best: np.ndarray
    velocity: np.ndarray


class Steps(NamedTuple):
    """What `finish_chunk` does.

    Attributes
    ----------
    clip : float
        Pixels beyond so many sigma lose their weight; 0: none does.
    half : int
        Weights follow the residuals over 2 * half + 1 pixels; 0: they do not.
    mixture : bool
        Whether templates are mixed.
    limit : float
        Largest speed, km/s.
    """

    clip: float
    half: int
    mixture: bool
    limit: float


class Finished(NamedTuple):
    """What `finish_chunk` finds.

    Attributes
    ----------
    minimum : ndarray of float64, [n, 5]
        Velocity (km/s), chi2, its second derivative, and the two numbers of `score`; NaN where there is no start.
    curve : ndarray of float64, [n, v]
        chi2 of the mixture over the velocities asked for.
    used : ndarray of int64, [n]
        Pixels with weight at the end.
    """

    minimum: np.ndarray
    curve: np.ndarray
    used: np.ndarray


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def best_polynomial(flux, weight, coordinate, model, out):
    """The quartic that brings ``model`` times it nearest to ``flux``.

    Parameters
    ----------
    flux, weight, coordinate, model : ndarray of float64, [p]
    out : ndarray of float64, [p]
        Result: the quartic's values.
    """
    moment, right = np.zeros(9), np.zeros(5)
    for i in range(flux.size):
        power = weight[i] * model[i]
        right_power, power = power * flux[i], power * model[i]
        for k in range(9):
            moment[k] += power
            power *= coordinate[i]
            if k < 5:
                right[k] += right_power
                right_power *= coordinate[i]
    matrix, solved = np.empty((5, 5)), np.empty(5)
    for i in range(5):
        for j in range(5):
            matrix[i, j] = moment[i + j]
    solve_reordered(matrix, right, 5, solved)
    for i in range(flux.size):
        x = coordinate[i]
        out[i] = solved[0] + x * (solved[1] + x * (solved[2] + x * (solved[3] + x * solved[4])))


@numba.njit(cache=True)
def reweight(flux, weight, model, clip, half, out):
    """Weights after a look at the residuals.

    Pixels beyond ``clip`` robust sigma (at least as large as the errors say) get no weight. The others' weights are
    divided by the running mean of weight times squared residual over 2 * half + 1 pixels, where that is above 1. So
    pixels count less where template and star differ, or where the sky was not taken off well.

    Parameters
    ----------
    flux, weight, model : ndarray of float64, [p]
    clip : float
        0: no clipping.
    half : int
        0: no change of the others' weights.
    out : ndarray of float64, [p]
        Result.
    """
    count = flux.size
    scaled = np.empty(count)
    used = 0
    known = np.empty(count)
    for i in range(count):
        scaled[i] = (flux[i] - model[i]) * np.sqrt(weight[i])
        out[i] = weight[i]
        if weight[i] > 0:
            known[used] = abs(scaled[i])
            used += 1
    if used == 0:
        return
    if clip > 0:
        limit = clip * max(SIGMA_PER_MAD * np.median(known[:used]), 1.0)
        for i in range(count):
            if abs(scaled[i]) > limit:
                out[i] = 0.0
    if half <= 0:
        return
    squares, counts = np.zeros(count + 1), np.zeros(count + 1)
    for i in range(count):
        here = out[i] > 0
        squares[i + 1] = squares[i] + (scaled[i] ** 2 if here else 0.0)
        counts[i + 1] = counts[i] + (1.0 if here else 0.0)
    for i in range(count):
        first, end = max(0, i - half), min(count, i + half + 1)
        if out[i] > 0:
            out[i] /= max((squares[end] - squares[first]) / (counts[end] - counts[first]), 1.0)


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def _dot(left, right):
    total = 0.0
    for i in range(left.size):
        total += left[i] * right[i]
    return total


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def _normal_equations(flux, weight, columns, gram, product):
    """Of the rows of ``columns``; the diagonal is kept in the last column of ``gram`` too."""
    size = product.size
    for k in range(size):
        weighted = columns[k] * weight
        for j in range(k + 1):
            gram[k, j] = gram[j, k] = _dot(weighted, columns[j])
        gram[k, size] = gram[k, k]
        product[k] = _dot(weighted, flux)


@numba.njit(cache=True, forceinline=True)
def mix(observed, polynomial, splines, template, velocity, mixed):
    """Put the mixture of templates that fits best into ``mixed``: one Gauss-Newton step.

    Shares are not negative. Changes of the polynomial (beyond its constant) and of the velocity are fitted along and
    then dropped: both have steps of their own, and a mixture found without them would take them up.

    Parameters
    ----------
    observed : Observed
        Of one spectrum.
    polynomial : ndarray of float64, [p]
    splines : Splines
    template : ndarray of int, [c]
        Templates that may be mixed; -1: none.
    velocity : float
        km/s.
    mixed : ndarray of float64, [q]
        Coefficients of the mixture so far, and of the new one.
    """
    flux, weight, coordinate = observed
    coefficient, offset = splines
    count = 0
    while count < template.size and template[count] >= 0:
        count += 1
    free = 5
    columns = np.empty((free + count, flux.size))
    template_flux(mixed, offset, velocity + STEP_KMS, columns[0])
    template_flux(mixed, offset, velocity - STEP_KMS, columns[1])
    template_flux(mixed, offset, velocity, columns[2])
    for k in range(count):
        template_flux(coefficient[template[k]], offset, velocity, columns[free + k])
    for i in range(flux.size):
        columns[0, i] = (columns[0, i] - columns[1, i]) * polynomial[i]
        value = columns[2, i]
        for k in range(1, 5):
            value *= coordinate[i]
            columns[k, i] = value
        for k in range(count):
            columns[free + k, i] *= polynomial[i]
    size = free + count
    gram, product, shares = np.empty((size, size + 1)), np.empty(size), np.empty(count)
    _normal_equations(flux, weight, columns, gram, product)
    eliminate(gram, product, free)
    nonnegative(gram[free:, free:size].copy(), product[free:].copy(), shares)
    if not shares.sum() > 0:
        return
    mixed[:] = 0.0
    for k in range(count):
        if shares[k] > 0:
            for i in range(mixed.size):
                mixed[i] += shares[k] * coefficient[template[k], i]


@numba.njit(cache=True, forceinline=True)
def finish_one(observed, splines, template, best, start, steps, mixed, final):
    """Velocity of one spectrum after clipping, reweighting and mixing.

    Parameters
    ----------
    observed : Observed
        Of one spectrum.
    splines : Splines
    template : ndarray of int, [c]
        Templates that may be mixed; -1: none.
    best : int
        The one the velocity ``start`` (km/s) belongs to.
    start : float
    steps : Steps
    mixed : ndarray of float64, [q]
        Result: coefficients of the mixture.
    final : ndarray of float64, [p]
        Result: the weights at the end.

    Returns
    -------
    velocity, chi2, bend : float
        As `mstars.velocity.match.minimum.refine_one`.
    """
    flux, weight, coordinate = observed
    coefficient, offset = splines
    reweighted = Observed(flux, final, coordinate)
    model, polynomial = np.empty(flux.size), np.empty(flux.size)
    mixed[:] = coefficient[best]
    velocity = start
    result = (start, np.nan, np.nan)
    for turn in range(TURNS + 1 if steps.mixture else 1):
        template_flux(mixed, offset, velocity, model)
        if turn == 0:
            best_polynomial(flux, weight, coordinate, model, polynomial)
        else:
            best_polynomial(flux, final, coordinate, model, polynomial)
        if turn == 0 or turn == TURNS:
            for i in range(flux.size):
                model[i] *= polynomial[i]
            reweight(flux, weight, model, steps.clip, steps.half, final)
        if steps.mixture and turn < TURNS:
            mix(reweighted, polynomial, splines, template, velocity, mixed)
        if turn < TURNS and steps.mixture:
            result = approach(reweighted, mixed, offset, velocity, STEP_KMS, steps.limit)
        else:
            result = refine_one(reweighted, mixed, offset, velocity, STEP_KMS, steps.limit)
        velocity = result[0]
        if not np.isfinite(velocity):
            break
    return result


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def score(observed, coefficient, offset, velocity):
    """What the error of a velocity is made of: information per residual, and the factor for correlated residuals.

    At its minimum chi2's derivative, -2 sum(w r m'), is 0; m' is the model's derivative. The velocity's variance is
    that sum's variance over the square of chi2's curvature. Two numbers are given: sum(w m'^2), with what the
    polynomial takes up left out; and a sum over lags of the autocorrelation of the residuals (as weighted) times that
    of the derivative. Sky subtraction and resampling correlate neighbouring pixels, and so does a template that differs
    from the star.

    Parameters
    ----------
    observed : Observed
        Of one spectrum, with the weights at the end.
    coefficient : ndarray of float64, [q]
        Of the template or mixture.
    offset : float
    velocity : float
        Its minimum, km/s.

    Returns
    -------
    information : float
        (km/s)^-2 for residuals of weight 1.
    factor : float
        Variance over that for residuals without correlation between pixels.
    """
    flux, weight, coordinate = observed
    count = flux.size
    model, polynomial = np.empty(count), np.empty(count)
    template_flux(coefficient, offset, velocity, model)
    best_polynomial(flux, weight, coordinate, model, polynomial)
    residual, slope, other = np.empty(count), np.empty(count), np.empty(count)
    template_flux(coefficient, offset, velocity + STEP_KMS, slope)
    template_flux(coefficient, offset, velocity - STEP_KMS, other)
    for i in range(count):
        residual[i] = (flux[i] - model[i] * polynomial[i]) * np.sqrt(weight[i])
        slope[i] = (slope[i] - other[i]) * polynomial[i] / (2.0 * STEP_KMS)
    best_polynomial(slope, weight, coordinate, model, polynomial)
    for i in range(count):
        slope[i] = (slope[i] - model[i] * polynomial[i]) * np.sqrt(weight[i])
    squares, slopes = _dot(residual, residual), _dot(slope, slope)
    factor = 1.0
    if squares > 0 and slopes > 0:
        for lag in range(1, LAGS + 1):
            same = _dot(residual[lag:], residual[: count - lag]) / squares
            factor += 2.0 * same * _dot(slope[lag:], slope[: count - lag]) / slopes
    return slopes, max(factor, LEAST_FACTOR)


@numba.njit(nogil=True, cache=True)
def finish_chunk(observed, splines, start, steps, velocity, out):
    """`finish_one` of each spectrum, and the chi2 curve of its mixture.

    Parameters
    ----------
    observed : Observed
        Of n spectra.
    splines : Splines
    start : Start
    steps : Steps
    velocity : ndarray of float64, [v]
        Where the curve is computed, km/s.
    out : Finished
        Result.
    """
    for row in range(observed.flux.shape[0]):
        out.minimum[row], out.curve[row], out.used[row] = np.nan, np.nan, 0
        if not np.isfinite(start.velocity[row]) or start.best[row] < 0:
            continue
        y, w = observed.flux[row].astype(np.float64), observed.weight[row].astype(np.float64)
        mixed, final = np.empty(splines.coefficient.shape[1]), np.empty(y.size)
        own, reweighted = Observed(y, w, observed.coordinate), Observed(y, final, observed.coordinate)
        result = finish_one(
            own, splines, start.template[row], start.best[row], start.velocity[row], steps, mixed, final
        )
        out.minimum[row, 0], out.minimum[row, 1], out.minimum[row, 2] = result
        if np.isfinite(result[0]):
            out.minimum[row, 3], out.minimum[row, 4] = score(reweighted, mixed, splines.offset, result[0])
        for k in range(velocity.size):
            out.curve[row, k] = chi2_at(reweighted, mixed, splines.offset, velocity[k])
        for i in range(y.size):
            if final[i] > 0:
                out.used[row] += 1


def finish(observed: Observed, splines: Splines, start: Start, steps: Steps, velocity: np.ndarray) -> Finished:
    """`finish_chunk`, with room for its results.

    Parameters
    ----------
    observed : Observed
        Of n spectra.
    splines : Splines
    start : Start
    steps : Steps
    velocity : ndarray of float64, [v]
        Where the curve is computed, km/s.

    Returns
    -------
    Finished
    """
    count = len(observed.flux)
    found = Finished(np.empty((count, 5)), np.empty((count, len(velocity))), np.empty(count, np.int64))
    finish_chunk(observed, splines, start, steps, velocity, found)
    return found
