"""Small symmetric systems, compiled: LDL^T of normal equations, with and without a bound at zero.

Every solver of the room is here. `mstars.velocity.match.scan_kernels` has the same factorisation written out for five
unknowns in single precision, since it solves thousands of systems side by side.
"""

from __future__ import annotations

import numba
import numpy as np

from mstars.velocity.compiling import FAST

LEAST_PIVOT = 1e-12
"""A pivot below this share of its diagonal element is lost to rounding: its unknown gets no part in the solution."""


@numba.njit(inline="always")
def _ldl(matrix, right, count, out):
    """LDL^T, compiled anew in each caller and with its options: see `solve_symmetric`."""
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
            entry -= lower[i, k] * lower[i, k] * diagonal[k]
        diagonal[i] = entry if entry > LEAST_PIVOT * matrix[i, i] else 0.0
        out[i] = right[i]
        for k in range(i):
            out[i] -= lower[i, k] * out[k]
    for i in range(count):
        out[i] = out[i] / diagonal[i] if diagonal[i] > 0 else 0.0
    for i in range(count - 1, -1, -1):
        for k in range(i + 1, count):
            out[i] -= lower[k, i] * out[k]


@numba.njit(fastmath=False, cache=True, forceinline=False)
def solve_symmetric(matrix, right, count, out):
    """Solve a small symmetric positive system by LDL^T.

    Parameters
    ----------
    matrix : ndarray of float64, [>= count, >= count]
        Only the lower triangle is read.
    right : ndarray of float64, [>= count]
    count : int
        Number of unknowns.
    out : ndarray of float64, [>= count]
        Result; 0 for an unknown whose pivot was lost.
    """
    _ldl(matrix, right, count, out)


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def solve_reordered(matrix, right, count, out):
    """As `solve_symmetric`, within loops whose sums the compiler may reorder.

    Parameters
    ----------
    matrix, right, count, out
        As for `solve_symmetric`.
    """
    _ldl(matrix, right, count, out)


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def explained(moment, product):
    """How much of chi2 a polynomial of degree 4 takes away: b^T A^-1 b with A[k, l] = moment[k + l].

    LDL^T needs no solution here, only the reduced right-hand side: no matrix is laid out.

    Parameters
    ----------
    moment : tuple of float, [9]
        Moments of the model: sum of weight * model^2 * x^k.
    product : tuple of float, [5]
        b: sum of weight * model * flux * x^k.

    Returns
    -------
    float
        A pivot lost to rounding explains nothing.
    """
    lower = np.zeros((5, 5))
    diagonal = np.zeros(5)
    solved = np.zeros(5)
    total = 0.0
    for i in range(5):
        value = product[i]
        for j in range(i):
            entry = moment[i + j]
            for k in range(j):
                entry -= lower[i, k] * lower[j, k] * diagonal[k]
            lower[i, j] = entry / diagonal[j]
            value -= lower[i, j] * solved[j]
        entry = moment[2 * i]
        for k in range(i):
            entry -= lower[i, k] * lower[i, k] * diagonal[k]
        diagonal[i] = max(entry, 1e-300)
        solved[i] = value
        if entry > 1e-13 * moment[2 * i]:
            total += value * value / entry
    return total


@numba.njit(cache=True)
def solve_damped(normal, gradient, damping, matrix, out):
    """Solve (normal + damping * diag(normal)) out = gradient: a step of Levenberg and Marquardt.

    Plain elimination in the room that is given. A fit of a line solves dozens of such systems, and making arrays for
    the factors of LDL^T would take a sixth of its time.

    Parameters
    ----------
    normal : ndarray of float64, [c, c]
        Only the lower triangle is read.
    gradient : ndarray of float64, [c]
    damping : float
    matrix : ndarray of float64, [c, c]
        Room to work in.
    out : ndarray of float64, [c]
        Result.

    Returns
    -------
    bool
        False if the system is singular.
    """
    count = gradient.size
    for i in range(count):
        for j in range(i):
            matrix[i, j] = matrix[j, i] = normal[i, j]
        matrix[i, i] = normal[i, i] + damping * normal[i, i] + 1e-30
        out[i] = gradient[i]
    for i in range(count):
        pivot = matrix[i, i]
        if not pivot > 0:
            return False
        inverse = 1.0 / pivot
        for j in range(i + 1, count):
            factor = matrix[j, i] * inverse
            for k in range(i + 1, count):
                matrix[j, k] -= factor * matrix[i, k]
            out[j] -= factor * out[i]
    for i in range(count - 1, -1, -1):
        for k in range(i + 1, count):
            out[i] -= matrix[i, k] * out[k]
        out[i] /= matrix[i, i]
    return True


@numba.njit(cache=True)
def solve_free(gram, product, free, trial):
    """Solve for the unknowns that are ``free``, the others held at 0.

    Parameters
    ----------
    gram : ndarray of float64, [c, c]
    product : ndarray of float64, [c]
    free : ndarray of bool, [c]
    trial : ndarray of float64, [c]
        Result; 0 for those that are not free.
    """
    place = np.flatnonzero(free)
    size = place.size
    part, right, solved = np.empty((size, size)), np.empty(size), np.empty(size)
    for i in range(size):
        right[i] = product[place[i]]
        for j in range(size):
            part[i, j] = gram[place[i], place[j]]
    solve_symmetric(part, right, size, solved)
    trial[:] = 0.0
    for i in range(size):
        trial[place[i]] = solved[i]


@numba.njit(cache=True)
def nonnegative(gram, product, out):
    """Least squares with no coefficient below 0 from its normal equations (Lawson & Hanson 1974, chapter 23).

    Parameters
    ----------
    gram : ndarray of float64, [c, c]
    product : ndarray of float64, [c]
    out : ndarray of float64, [c]
        Result: the coefficients.
    """
    count = product.size
    out[:] = 0.0
    free, trial = np.zeros(count, np.bool_), np.zeros(count)
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
            solve_free(gram, product, free, trial)
            share = 1.0
            for i in range(count):
                if free[i] and trial[i] <= 0:
                    share = min(share, out[i] / (out[i] - trial[i]) if out[i] > trial[i] else 0.0)
            moving = free.copy()
            for i in range(count):
                if moving[i]:
                    out[i] += share * (trial[i] - out[i])
                    if share < 1.0 and out[i] <= 1e-14 * max(out.max(), 1e-300):
                        out[i] = 0.0
                        free[i] = False
            if share == 1.0:
                break
            if not free.any():
                return


@numba.njit(cache=True)
def eliminate(gram, product, count):
    """Take the first ``count`` unknowns out of normal equations, in place: what is left is the Schur complement.

    Parameters
    ----------
    gram : ndarray of float64, [c, c + 1]
        The last column holds the diagonal as it was. An unknown whose pivot is below 1e-10 of it is left out: the
        others span it already.
    product : ndarray of float64, [c]
    count : int
    """
    for i in range(count):
        pivot = gram[i, i]
        if not pivot > 1e-10 * gram[i, -1]:
            continue
        for k in range(i + 1, product.size):
            factor = gram[k, i] / pivot
            product[k] -= factor * product[i]
            for j in range(i + 1, product.size):
                gram[k, j] -= factor * gram[i, j]
