"""Compiled loops of the match: chi2 with a multiplicative polynomial, and the moments of the best library spectra.

Every loop runs on the thread that calls it, without Python's lock.
"""

from __future__ import annotations

import numba
import numpy as np

FAST = {"reassoc", "contract", "arcp", "nsz"}
"""For sums that may be reordered; NaN and infinity keep their meaning."""

LEAST_PIVOT = 1e-12
"""A pivot below this share of its diagonal element is lost to rounding (double precision)."""

COARSE_PIVOT = np.float32(1e-5)
"""The same in single precision."""

_BLOCK = 64


@numba.njit(fastmath=FAST, cache=True, nogil=True)
def explained_by_moments(products, moments, out):
    """What a polynomial times a library spectrum takes from chi2: b^T A^-1 b with A[k, l] = moment[k + l].

    Parameters
    ----------
    products : ndarray of float32, [degree + 1, n, library]
        b: sum of weight * flux * template * x^k.
    moments : ndarray of float32, [2 * degree + 1, n, library]
        Sum of weight * template^2 * x^k.
    out : ndarray of float32, [n, library]
        Result. A pivot lost to rounding explains nothing.
    """
    size, n, count = products.shape
    lower = np.zeros((size, size, _BLOCK), np.float32)
    pivot = np.zeros((size, _BLOCK), np.float32)
    inverse = np.zeros((size, _BLOCK), np.float32)
    solved = np.zeros((size, _BLOCK), np.float32)
    entry = np.zeros(_BLOCK, np.float32)
    for row in range(n):
        for start in range(0, count, _BLOCK):
            width = min(_BLOCK, count - start)
            for j in range(width):
                out[row, start + j] = 0.0
            for r in range(size):
                for j in range(width):
                    solved[r, j] = products[r, row, start + j]
                    pivot[r, j] = moments[2 * r, row, start + j]
                for c in range(r):
                    for j in range(width):
                        entry[j] = moments[r + c, row, start + j]
                    for q in range(c):
                        for j in range(width):
                            entry[j] -= lower[r, q, j] * lower[c, q, j] * pivot[q, j]
                    for j in range(width):
                        lower[r, c, j] = entry[j] * inverse[c, j]
                        solved[r, j] -= lower[r, c, j] * solved[c, j]
                        pivot[r, j] -= lower[r, c, j] * lower[r, c, j] * pivot[c, j]
                for j in range(width):
                    sound = pivot[r, j] > COARSE_PIVOT * moments[2 * r, row, start + j]
                    inverse[r, j] = np.float32(1.0) / pivot[r, j] if sound else np.float32(0.0)
                    out[row, start + j] += solved[r, j] * solved[r, j] * inverse[r, j]


@numba.njit(cache=True, nogil=True)
def solve(matrix, right, count, out):
    """Solve a small symmetric positive system by LDL^T and return right^T matrix^-1 right.

    Parameters
    ----------
    matrix : ndarray of float64, [>= count, >= count]
        Its lower triangle is read, and overwritten by the factors.
    right : ndarray of float64, [>= count]
    count : int
    out : ndarray of float64, [>= count]
        The solution; 0 for an unknown whose pivot was lost.
    """
    total = 0.0
    for i in range(count):
        out[i] = right[i]
        whole = matrix[i, i]
        for j in range(i):
            entry = matrix[i, j]
            for k in range(j):
                entry -= matrix[i, k] * matrix[j, k] * matrix[k, k]
            matrix[i, j] = entry / matrix[j, j] if matrix[j, j] > 0 else 0.0
            matrix[i, i] -= matrix[i, j] ** 2 * matrix[j, j]
            out[i] -= matrix[i, j] * out[j]
        if not matrix[i, i] > LEAST_PIVOT * whole:
            matrix[i, i] = 0.0
        else:
            total += out[i] * out[i] / matrix[i, i]
    for i in range(count):
        out[i] = out[i] / matrix[i, i] if matrix[i, i] > 0 else 0.0
    for i in range(count - 1, -1, -1):
        for k in range(i + 1, count):
            out[i] -= matrix[k, i] * out[k]
    return total


@numba.njit(fastmath=FAST, cache=True, nogil=True, forceinline=True)
def _weighted(flux, weight, coordinate, degree, by_flux, by_weight):
    """weight * flux * x^k and weight * x^k of one spectrum; returns the sum of weight * flux^2."""
    power = 0.0
    for p in range(flux.size):
        w = np.float64(weight[p])
        wf = w * flux[p]
        power += wf * flux[p]
        x = 1.0
        for k in range(2 * degree + 1):
            by_weight[k, p] = w * x
            if k <= degree:
                by_flux[k, p] = wf * x
            x *= coordinate[p]
    return power


@numba.njit(fastmath=FAST, cache=True, nogil=True, forceinline=True)
def _dot(one, two):
    total = 0.0
    for p in range(one.size):
        total += one[p] * two[p]
    return total


@numba.njit(cache=True, nogil=True)
def exact_chi2(flux, weight, coordinate, degree, library, candidates, out):
    """chi2 of candidates of each spectrum in double precision, the polynomial solved exactly.

    Parameters
    ----------
    flux, weight : ndarray of float32, [n, p]
    coordinate : ndarray of float64, [p]
        -1 to 1 over the pixels.
    degree : int
        Of the multiplicative polynomial.
    library : ndarray of float32, [library, p]
    candidates : ndarray of int, [n, c]
        Numbers of library spectra; negative: none, chi2 is infinite.
    out : ndarray of float64, [n, c]
        Result: sum of weight * (flux - P T)^2.
    """
    n_pixel, size = flux.shape[1], degree + 1
    by_flux, by_weight = np.empty((size, n_pixel)), np.empty((2 * degree + 1, n_pixel))
    template, square = np.empty(n_pixel), np.empty(n_pixel)
    matrix, right, solution = np.empty((size, size)), np.empty(size), np.empty(size)
    moment = np.empty(2 * degree + 1)
    for row in range(flux.shape[0]):
        power = _weighted(flux[row], weight[row], coordinate, degree, by_flux, by_weight)
        for c in range(candidates.shape[1]):
            number = candidates[row, c]
            if number < 0:
                out[row, c] = np.inf
                continue
            for p in range(n_pixel):
                template[p] = library[number, p]
                square[p] = template[p] * template[p]
            for k in range(2 * degree + 1):
                moment[k] = _dot(by_weight[k], square)
            for k in range(size):
                right[k] = _dot(by_flux[k], template)
                for j in range(k + 1):
                    matrix[k, j] = moment[k + j]
            out[row, c] = power - solve(matrix, right, size, solution)


@numba.njit(fastmath=FAST, cache=True, nogil=True)
def pair_moments(flux, weight, coordinate, degree, library, best, products, moments, power):
    """Sums over pixels from which every combination of the best library spectra has its chi2.

    Parameters
    ----------
    flux, weight : ndarray of float32, [n, p]
    coordinate : ndarray of float64, [p]
    degree : int
    library : ndarray of float32, [library, p]
    best : ndarray of int, [n, b]
        Numbers of library spectra; negative: none.
    products : ndarray of float64, [n, b, degree + 1]
        Result: sum of weight * flux * T_i * x^k; 0 for none.
    moments : ndarray of float64, [n, b, b, 2 * degree + 1]
        Result: sum of weight * T_i * T_j * x^k.
    power : ndarray of float64, [n]
        Result: sum of weight * flux^2.
    """
    n_pixel, count = flux.shape[1], best.shape[1]
    by_flux, by_weight = np.empty((degree + 1, n_pixel)), np.empty((2 * degree + 1, n_pixel))
    templates, product = np.zeros((count, n_pixel)), np.empty(n_pixel)
    for row in range(flux.shape[0]):
        power[row] = _weighted(flux[row], weight[row], coordinate, degree, by_flux, by_weight)
        for i in range(count):
            for p in range(n_pixel):
                templates[i, p] = library[best[row, i], p] if best[row, i] >= 0 else 0.0
            for k in range(degree + 1):
                products[row, i, k] = _dot(by_flux[k], templates[i])
            for j in range(i + 1):
                for p in range(n_pixel):
                    product[p] = templates[i, p] * templates[j, p]
                for k in range(2 * degree + 1):
                    value = _dot(by_weight[k], product)
                    moments[row, i, j, k] = value
                    moments[row, j, i, k] = value
