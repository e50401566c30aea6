"""Compiled loops of the coarse scan: bases, their products over masked pixels, and chi2 of thousands of columns.

A column is one (template, velocity). The loops run on the thread that calls them, without Python's lock:
`mstars.velocity.pool` runs several at a time.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from mstars.velocity.compiling import FAST
from mstars.velocity.match.minimum import parabola


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def spectrum_chi2(power, product, overlap, out):
    """``chi2 = |y|^2 - b^T (1 - E)^-1 b`` over all (template, velocity), by LDL^T written out for five unknowns.

    Parameters
    ----------
    power : float
        Sum of the squared good fluxes.
    product : ndarray of float32, [5, m]
        b: products of the spectrum with the orthonormal bases.
    overlap : ndarray of float32, [15, m]
        E: products of the bases with each other over the masked pixels, in the order of the lower triangle's rows.
    out : ndarray of float32, [m]
        Result.
    """
    for k in range(out.size):
        a00 = 1.0 - overlap[0, k]
        a10, a11 = -overlap[1, k], 1.0 - overlap[2, k]
        a20, a21, a22 = -overlap[3, k], -overlap[4, k], 1.0 - overlap[5, k]
        a30, a31, a32, a33 = -overlap[6, k], -overlap[7, k], -overlap[8, k], 1.0 - overlap[9, k]
        a40, a41, a42, a43 = -overlap[10, k], -overlap[11, k], -overlap[12, k], -overlap[13, k]
        a44 = 1.0 - overlap[14, k]
        # LDL^T without square roots; a tiny pivot is a degenerate mask and is kept away from zero
        d0 = max(a00, np.float32(1e-6))
        l10, l20, l30, l40 = a10 / d0, a20 / d0, a30 / d0, a40 / d0
        d1 = max(a11 - l10 * a10, np.float32(1e-6))
        t21, t31, t41 = a21 - l20 * a10, a31 - l30 * a10, a41 - l40 * a10
        l21, l31, l41 = t21 / d1, t31 / d1, t41 / d1
        d2 = max(a22 - l20 * a20 - l21 * t21, np.float32(1e-6))
        t32, t42 = a32 - l30 * a20 - l31 * t21, a42 - l40 * a20 - l41 * t21
        l32, l42 = t32 / d2, t42 / d2
        d3 = max(a33 - l30 * a30 - l31 * t31 - l32 * t32, np.float32(1e-6))
        t43 = a43 - l40 * a30 - l41 * t31 - l42 * t32
        l43 = t43 / d3
        d4 = max(a44 - l40 * a40 - l41 * t41 - l42 * t42 - l43 * t43, np.float32(1e-6))
        z0 = product[0, k]
        z1 = product[1, k] - l10 * z0
        z2 = product[2, k] - l20 * z0 - l21 * z1
        z3 = product[3, k] - l30 * z0 - l31 * z1 - l32 * z2
        z4 = product[4, k] - l40 * z0 - l41 * z1 - l42 * z2 - l43 * z3
        out[k] = power - (z0 * z0 / d0 + z1 * z1 / d1 + z2 * z2 / d2 + z3 * z3 / d3 + z4 * z4 / d4)


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def mask_overlap(basis, blocks, block_size, bad, overlap):
    """Sum basis products over the masked pixels: whole masked blocks from ``blocks``, the rest pixel by pixel.

    Parameters
    ----------
    basis : ndarray of float32, [p, 5, m]
    blocks : ndarray of float32, [blocks, 15, m]
        Sums over each whole block of ``block_size`` pixels.
    bad : ndarray of bool, [p]
    overlap : ndarray of float32, [15, m]
        Result.
    """
    overlap[:] = 0.0
    n_pixel = bad.size
    pixel = 0
    while pixel < n_pixel:
        if not bad[pixel]:
            pixel += 1
            continue
        if pixel % block_size == 0 and pixel + block_size <= n_pixel:
            whole = True
            for other in range(pixel, pixel + block_size):
                whole = whole and bad[other]
            if whole:
                part = blocks[pixel // block_size]
                for pair in range(15):
                    for k in range(overlap.shape[1]):
                        overlap[pair, k] += part[pair, k]
                pixel += block_size
                continue
        pair = 0
        for i in range(5):
            for j in range(i + 1):
                left, right = basis[pixel, i], basis[pixel, j]
                for k in range(overlap.shape[1]):
                    overlap[pair, k] += left[k] * right[k]
                pair += 1
        pixel += 1


@numba.njit(nogil=True, fastmath=FAST, cache=True)
def scan_chunk(power, product, basis, blocks, block_size, bad, out):
    """`spectrum_chi2` of each spectrum of a chunk, with its own mask.

    Parameters
    ----------
    power : ndarray of float32, [n]
    product : ndarray of float32, [n, 5, m]
    basis, blocks, block_size
        As for `mask_overlap`.
    bad : ndarray of bool, [n, p]
    out : ndarray of float32, [n, m]
        Result.
    """
    for row in range(power.size):
        if bad[row].any():
            overlap = np.empty((15, out.shape[1]), np.float32)
            mask_overlap(basis, blocks, block_size, bad[row], overlap)
            spectrum_chi2(power[row], product[row], overlap, out[row])
        else:
            for k in range(out.shape[1]):
                total = np.float32(0.0)
                for i in range(5):
                    total += product[row, i, k] * product[row, i, k]
                out[row, k] = power[row] - total


@numba.njit(nogil=True, fastmath=FAST, cache=True)
def block_overlaps(basis, block_size):
    """Sums of basis products over whole blocks of pixels.

    Parameters
    ----------
    basis : ndarray of float32, [p, 5, m]
    block_size : int

    Returns
    -------
    ndarray of float32, [p // block_size, 15, m]
        The 15 products in the order of the lower triangle's rows.
    """
    count = basis.shape[0] // block_size
    result = np.zeros((count, 15, basis.shape[2]), np.float32)
    for block in range(count):
        for pixel in range(block * block_size, (block + 1) * block_size):
            pair = 0
            for i in range(5):
                for j in range(i + 1):
                    for k in range(basis.shape[2]):
                        result[block, pair, k] += basis[pixel, i, k] * basis[pixel, j, k]
                    pair += 1
    return result


@numba.njit(nogil=True, fastmath=FAST, cache=True)
def orthonormal_columns(coefficient, first, weight, powers, column, out):
    """Orthonormal bases of span{S x^k}, k = 0 to 4, of some templates at all coarse velocities.

    Parameters
    ----------
    coefficient : ndarray of float64, [j, q]
    first : ndarray of int64, [v]
        First template coefficient of the first compared pixel, of each velocity.
    weight : ndarray of float64, [v, 4]
        B-spline weights.
    powers : ndarray of float64, [5, p]
        Polynomials of degree 0 to 4.
    column : int
        Column of the first template's first velocity.
    out : ndarray of float32, [p, 5, m]
        Result, in the columns from ``column`` on.
    """
    count, per = powers.shape[1], first.size
    value, values = np.empty(count), np.empty((count, per))
    lower, inverse = np.empty((5, 5)), np.zeros((5, 5, per))
    for j in range(coefficient.shape[0]):
        for k in range(per):
            for i in range(count):
                at = first[k] + i
                s = weight[k, 0] * coefficient[j, at] + weight[k, 1] * coefficient[j, at + 1]
                value[i] = s + weight[k, 2] * coefficient[j, at + 2] + weight[k, 3] * coefficient[j, at + 3]
            for i in range(count):
                values[i, k] = value[i]
            # polynomials are triangular combinations: Q = S P L^-T with Gram = L L^T
            for a in range(5):
                for b in range(a + 1):
                    total = 0.0
                    for i in range(count):
                        total += value[i] * value[i] * powers[a, i] * powers[b, i]
                    for c in range(b):
                        total -= lower[a, c] * lower[b, c]
                    lower[a, b] = math.sqrt(total) if a == b else total / lower[b, b]
            for b in range(5):
                inverse[b, b, k] = 1.0 / lower[b, b]
                for a in range(b + 1, 5):
                    total = 0.0
                    for c in range(b, a):
                        total -= lower[a, c] * inverse[b, c, k]
                    inverse[b, a, k] = total / lower[a, a]
        start = column + j * per
        for i in range(count):
            for a in range(5):
                for k in range(per):
                    total = 0.0
                    for b in range(a + 1):
                        total += powers[b, i] * inverse[b, a, k]
                    out[i, a, start + k] = values[i, k] * total


@numba.njit(nogil=True, fastmath=FAST, cache=True)
def approximate_minima(power, product, n_velocity, least, center):
    """As `mstars.velocity.match.minimum.parabola_minima`, of ``|y|^2 - |b|^2``.

    Parameters
    ----------
    power : ndarray of float32, [n]
    product : ndarray of float32, [n, 5, j * v]
    n_velocity : int
        v.
    least : ndarray of float64, [n, j]
        Result: chi2.
    center : ndarray of int64, [n, j]
        Result: number of the velocity.
    """
    for row in range(power.size):
        columns = product.shape[2]
        curve = np.empty(columns, np.float32)
        for k in range(columns):
            total = np.float32(0.0)
            for i in range(5):
                total += product[row, i, k] * product[row, i, k]
            curve[k] = power[row] - total
        for j in range(least.shape[1]):
            k = np.argmin(curve[j * n_velocity : (j + 1) * n_velocity])
            here = np.float64(curve[j * n_velocity + k])
            center[row, j], least[row, j] = k, here
            if 0 < k < n_velocity - 1:
                left, right = np.float64(curve[j * n_velocity + k - 1]), np.float64(curve[j * n_velocity + k + 1])
                least[row, j] = parabola(left, here, right, 0.0, 1.0)[1]


@numba.njit(nogil=True, fastmath=FAST, cache=True)
def fill_model(flux, bad, basis, product):
    """Put the best model at masked pixels, in place: that of the column with the largest ``|b|^2``.

    Parameters
    ----------
    flux : ndarray of float32, [n, p]
    bad : ndarray of bool, [n, p]
    basis : ndarray of float32, [p, 5, m]
    product : ndarray of float32, [n, 5 * m]
    """
    columns = basis.shape[2]
    for row in range(flux.shape[0]):
        best, column = np.float32(-1.0), 0
        for k in range(columns):
            total = np.float32(0.0)
            for i in range(5):
                value = product[row, i * columns + k]
                total += value * value
            if total > best:
                best, column = total, k
        for pixel in range(flux.shape[1]):
            if bad[row, pixel]:
                total = np.float32(0.0)
                for i in range(5):
                    total += product[row, i * columns + column] * basis[pixel, i, column]
                flux[row, pixel] = total
