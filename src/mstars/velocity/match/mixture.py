"""Last step of the default recipe: outliers leave, weights follow the residuals, like templates are mixed."""

from __future__ import annotations

import numba
import numpy as np

from mstars.velocity.match.chi2 import FAST, approach, chi2_at, pixel_position, refine_one

STEP_KMS = 10.0
"""First step of the descent here: the velocity is known to some km/s already."""

LAGS, LEAST_FACTOR = 8, 0.5
"""Pixels over which residuals may be correlated (550 km/s, three times the resolution); least `score`."""

TURNS = 1
"""Mixtures and velocities found in turn so often; a second turn moves no velocity by what matters."""


@numba.njit(cache=True)
def solve_symmetric(matrix, right, count, out):
    """Solve a small symmetric positive system by LDL^T; a pivot lost to rounding gives 0."""
    lower = np.zeros((count, count))
    diagonal = np.zeros(count)
    for i in range(count):
        for j in range(i):
            entry = matrix[i, j]
            for k in range(j):
                entry -= lower[i, k] * lower[j, k] * diagonal[k]
            lower[i, j] = entry / diagonal[j] if diagonal[j] > 0 else 0.0
        entry = matrix[i, i]
        for k in range(i):
            entry -= lower[i, k] ** 2 * diagonal[k]
        diagonal[i] = entry if entry > 1e-12 * matrix[i, i] else 0.0
        out[i] = right[i]
        for k in range(i):
            out[i] -= lower[i, k] * out[k]
    for i in range(count):
        out[i] = out[i] / diagonal[i] if diagonal[i] > 0 else 0.0
    for i in range(count - 1, -1, -1):
        for k in range(i + 1, count):
            out[i] -= lower[k, i] * out[k]


@numba.njit(cache=True)
def nonnegative(gram, product, out):
    """Least squares with no coefficient below 0 from its normal equations (Lawson & Hanson 1974, chapter 23).

    Parameters
    ----------
    gram : ndarray of float64, [c, c]
    product : ndarray of float64, [c]
    out : ndarray of float64, [c]
        The coefficients.
    """
    count = product.size
    out[:] = 0.0
    free = np.zeros(count, np.bool_)
    place = np.zeros(count, np.int64)
    part, right, trial = np.zeros((count, count)), np.zeros(count), np.zeros(count)
    limit = 1e-10 * np.abs(product).max()
    for _ in range(6 * count):
        enter, steepest = -1, limit
        for i in range(count):
            slope = product[i]
            for j in range(count):
                slope -= gram[i, j] * out[j]
            if not free[i] and slope > steepest:
                enter, steepest = i, slope
        if enter < 0:
            return
        free[enter] = True
        while True:
            size = 0
            for i in range(count):
                if free[i]:
                    place[size] = i
                    size += 1
            for i in range(size):
                right[i] = product[place[i]]
                for j in range(size):
                    part[i, j] = gram[place[i], place[j]]
            solve_symmetric(part, right, size, trial)
            share = 1.0
            for i in range(size):
                if trial[i] <= 0:
                    old = out[place[i]]
                    share = min(share, old / (old - trial[i]) if old > trial[i] else 0.0)
            for i in range(size):
                k = place[i]
                out[k] += share * (trial[i] - out[k])
                if share < 1.0 and out[k] <= 1e-14 * max(out.max(), 1e-300):
                    out[k] = 0.0
                    free[k] = False
            if share == 1.0:
                break
            if not free.any():
                return


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def template_flux(coefficient, offset, velocity, out):
    """A template's flux on the compared pixels, as `chi2_at` has it."""
    start, w0, w1, w2, w3 = pixel_position(offset, velocity)
    for i in range(out.size):
        s = w0 * coefficient[start + i] + w1 * coefficient[start + i + 1]
        out[i] = s + w2 * coefficient[start + i + 2] + w3 * coefficient[start + i + 3]


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def best_polynomial(flux, weight, coordinate, model, out):
    """The quartic that brings ``model`` nearest to ``flux``: its values, [p]."""
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
    solve_symmetric(matrix, right, 5, solved)
    for i in range(flux.size):
        x = coordinate[i]
        out[i] = solved[0] + x * (solved[1] + x * (solved[2] + x * (solved[3] + x * solved[4])))


@numba.njit(cache=True)
def reweight(flux, weight, model, clip, half, out):
    """Weights after a look at the residuals.

    Pixels beyond ``clip`` robust sigma (at least as large as the errors say) get no weight; the others' weights are
    divided by the running mean of weight times squared residual over 2 * half + 1 pixels, where that is above 1: where
    template and star differ, or the sky was not taken off well, pixels count less.

    Parameters
    ----------
    flux, weight, model : ndarray of float64, [p]
    clip : float
        0: no clipping.
    half : int
        0: no change of the others' weights.
    out : ndarray of float64, [p]
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
        limit = clip * max(1.4826 * np.median(known[:used]), 1.0)
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


@numba.njit(cache=True)
def eliminate(gram, product, count):
    """Take the first ``count`` unknowns out of normal equations, in place: what is left is the Schur complement."""
    for i in range(count):
        pivot = gram[i, i]
        # the diagonal as it was stands in the last column; an unknown that the others span already is left out
        if not pivot > 1e-10 * gram[i, -1]:
            continue
        for k in range(i + 1, product.size):
            factor = gram[k, i] / pivot
            product[k] -= factor * product[i]
            for j in range(i + 1, product.size):
                gram[k, j] -= factor * gram[i, j]


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
def mix(flux, weight, coordinate, polynomial, coefficient, offset, template, velocity, mixed):
    """Put the mixture of templates that fits best into ``mixed``: one Gauss-Newton step.

    Shares are not negative. Changes of the polynomial (beyond its constant) and of the velocity are fitted along and
    then dropped: both have steps of their own, and a mixture found without them would take them up.

    Parameters
    ----------
    flux, weight, coordinate, polynomial : ndarray of float64, [p]
    coefficient : ndarray of float64, [j, q]
    template : ndarray of int, [c]
        Templates that may be mixed; -1: none.
    mixed : ndarray of float64, [q]
        Coefficients of the mixture so far, and of the new one.
    """
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
def finish_one(flux, weight, coordinate, coefficient, offset, template, best, start, limit, options, mixed, final):
    """Velocity of one spectrum after clipping, reweighting and mixing: (velocity, chi2, second derivative).

    Parameters
    ----------
    flux, weight, coordinate : ndarray of float64, [p]
    coefficient : ndarray of float64, [j, q]
    template : ndarray of int, [c]
        Templates that may be mixed; -1: none.
    best : int
        The one the velocity ``start`` belongs to.
    options : (clip, half, mixture)
        As for `reweight`; mixture: whether templates are mixed.
    mixed : ndarray of float64, [q]
        Coefficients of the mixture.
    final : ndarray of float64, [p]
        The weights at the end.
    """
    clip, half, mixture = options
    model, polynomial = np.empty(flux.size), np.empty(flux.size)
    mixed[:] = coefficient[best]
    velocity = start
    result = (start, np.nan, np.nan)
    for turn in range(TURNS + 1 if mixture else 1):
        template_flux(mixed, offset, velocity, model)
        if turn == 0:
            best_polynomial(flux, weight, coordinate, model, polynomial)
        else:
            best_polynomial(flux, final, coordinate, model, polynomial)
        if turn == 0 or turn == TURNS:
            for i in range(flux.size):
                model[i] *= polynomial[i]
            reweight(flux, weight, model, clip, half, final)
        if mixture and turn < TURNS:
            mix(flux, final, coordinate, polynomial, coefficient, offset, template, velocity, mixed)
        if turn < TURNS and mixture:
            result = approach(flux, final, coordinate, mixed, offset, velocity, STEP_KMS, limit)
        else:
            result = refine_one(flux, final, coordinate, mixed, offset, velocity, STEP_KMS, limit)
        velocity = result[0]
        if not np.isfinite(velocity):
            break
    return result


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def score(flux, weight, coordinate, coefficient, offset, velocity, model, polynomial):
    """What the error of a velocity is made of: information per residual, and the factor for correlated residuals.

    At its minimum chi2's derivative, -2 sum(w r m'), is 0; the velocity's variance is that sum's over the square of
    chi2's curvature. Here are sum(w m'^2), m' the model's derivative (what the polynomial takes up left out), and a sum
    over lags of the residuals' autocorrelation (their own, as weighted) times the derivative's: sky subtraction and the
    resampling of spectra correlate neighbouring pixels, and so does a template that differs from the star.

    Parameters
    ----------
    flux, weight, coordinate : ndarray of float64, [p]
    coefficient : ndarray of float64, [q]
        Of the template or mixture.
    velocity : float
        Its minimum.
    model, polynomial : ndarray of float64, [p]
        Work.

    Returns
    -------
    information : float
        (km/s)^-2 for residuals of weight 1.
    factor : float
        Variance over that for residuals without correlation between pixels.
    """
    count = flux.size
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
def finish_chunk(
    flux, weight, coordinate, coefficient, offset, template, best, start, limit, options, velocity, out, curve, used
):
    """`finish_one` of each spectrum, and the chi2 curve of its mixture.

    Parameters
    ----------
    flux, weight : ndarray of float32, [n, p]
    template : ndarray of int64, [n, c]
    best : ndarray of int64, [n]
    start : ndarray of float64, [n]
    velocity : ndarray of float64, [v]
        Where the curve is computed, km/s.
    out : ndarray of float64, [n, 5]
        Velocity, chi2, second derivative, the two numbers of `score`; NaN where ``start`` is.
    curve : ndarray of float64, [n, v]
    used : ndarray of int64, [n]
        Pixels with weight at the end.
    """
    for row in range(flux.shape[0]):
        out[row], curve[row], used[row] = np.nan, np.nan, 0
        if not np.isfinite(start[row]) or best[row] < 0:
            continue
        y, w = flux[row].astype(np.float64), weight[row].astype(np.float64)
        mixed, final = np.empty(coefficient.shape[1]), np.empty(y.size)
        result = finish_one(
            y, w, coordinate, coefficient, offset, template[row], best[row], start[row], limit, options, mixed, final
        )
        out[row, 0], out[row, 1], out[row, 2] = result
        if np.isfinite(result[0]):
            out[row, 3], out[row, 4] = score(
                y, final, coordinate, mixed, offset, result[0], np.empty(y.size), np.empty(y.size)
            )
        for k in range(velocity.size):
            curve[row, k] = chi2_at(y, final, coordinate, mixed, offset, velocity[k])
        for i in range(y.size):
            if final[i] > 0:
                used[row] += 1
