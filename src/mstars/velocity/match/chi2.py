"""Chi-square of Eq. 2 in compiled loops: the mask terms of the coarse scan, and single velocities in float64.

The loops run on the thread that calls them, without Python's lock: `mstars.velocity.pool` runs several at a time.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from mstars.core.constants import C_KMS
from mstars.spectra.wavelengths import DLOGLAM

FAST = {"reassoc", "contract", "arcp", "nsz"}
"""Loops may be vectorised, NaN and infinity keep their meaning. A function so compiled that another one calls must be
``forceinline``: else the last digits depend on whether the caller was compiled just now or came from the cache."""


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def spectrum_chi2(power, product, overlap, out):
    """``chi2 = |y|^2 - b^T (1 - E)^-1 b`` over all (template, velocity).

    Parameters
    ----------
    power : float
        Sum of the squared good fluxes.
    product : ndarray of float32, [5, m]
        b: products of the spectrum with the orthonormal bases.
    overlap : ndarray of float32, [15, m]
        E: products of the bases with each other over the masked pixels, in the order of the lower triangle's rows.
    out : ndarray of float32, [m]
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
    """`spectrum_chi2` of each spectrum of a chunk, with its own mask. Shapes [n], [n, 5, m], …, [n, p], [n, m]."""
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
    """Sums of basis products over whole blocks of pixels: float32 [p // block_size, 15, m]."""
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
    """Orthonormal bases of span{S x^k} of some templates at all coarse velocities, into ``out``.

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


@numba.njit(cache=True)
def pixel_position(offset, velocity):
    """First template coefficient of the first compared pixel, and the four cubic B-spline weights of all pixels."""
    position = offset - math.log10(1.0 + velocity / C_KMS) / DLOGLAM
    whole = int(math.floor(position))
    t = position - whole
    w0, w1 = (1 - t) ** 3 / 6, (3 * t**3 - 6 * t**2 + 4) / 6
    return whole - 1, w0, w1, (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6, t**3 / 6


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def chi2_at(flux, weight, coordinate, coefficient, offset, velocity):
    """Exact chi2 of one spectrum, template and velocity: the polynomial is solved in float64.

    Parameters
    ----------
    flux, weight : ndarray of float64, [p]
        Weight is 0 for masked pixels.
    coordinate : ndarray of float64, [p]
        -1 to 1 over the compared pixels.
    coefficient : ndarray of float64, [q]
        B-spline coefficients of the template.
    offset : float
        Template pixel of the first compared pixel at velocity 0.
    velocity : float
        km/s.

    Returns
    -------
    float
        Sum of weight * (flux - P S)^2 at the best polynomial; NaN where the template runs out.
    """
    start, w0, w1, w2, w3 = pixel_position(offset, velocity)
    count = flux.size
    if start < 0 or start + count + 3 > coefficient.size:
        return np.nan
    b0 = b1 = b2 = b3 = b4 = 0.0
    m0 = m1 = m2 = m3 = m4 = m5 = m6 = m7 = m8 = 0.0
    power = 0.0
    for i in range(count):
        s = w0 * coefficient[start + i] + w1 * coefficient[start + i + 1]
        s += w2 * coefficient[start + i + 2] + w3 * coefficient[start + i + 3]
        x = coordinate[i]
        ws = weight[i] * s
        wsy = ws * flux[i]
        wss = ws * s
        power += weight[i] * flux[i] * flux[i]
        x2 = x * x
        x3 = x2 * x
        x4 = x2 * x2
        b0 += wsy
        b1 += wsy * x
        b2 += wsy * x2
        b3 += wsy * x3
        b4 += wsy * x4
        m0 += wss
        m1 += wss * x
        m2 += wss * x2
        m3 += wss * x3
        m4 += wss * x4
        wss4 = wss * x4
        m5 += wss4 * x
        m6 += wss4 * x2
        m7 += wss4 * x3
        m8 += wss4 * x4
    b = (b0, b1, b2, b3, b4)
    m = (m0, m1, m2, m3, m4, m5, m6, m7, m8)
    return power - explained(m, b)


@numba.njit(cache=True)
def explained(moment, product):
    """b^T A^-1 b with A[k, l] = moment[k + l], by LDL^T in float64."""
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
            entry -= lower[i, k] ** 2 * diagonal[k]
        diagonal[i] = max(entry, 1e-300)
        solved[i] = value
        # a pivot lost to rounding explains nothing
        if entry > 1e-13 * moment[2 * i]:
            total += value * value / entry
    return total


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def _descend(flux, weight, coordinate, coefficient, offset, start, step, limit):
    """Walk towards a local minimum by parabolas, to a fraction of ``step``."""
    middle = start
    for _ in range(12):
        left = chi2_at(flux, weight, coordinate, coefficient, offset, middle - step)
        here = chi2_at(flux, weight, coordinate, coefficient, offset, middle)
        right = chi2_at(flux, weight, coordinate, coefficient, offset, middle + step)
        bend = left - 2 * here + right
        if not bend > 0:
            move = -step if left < right else step
        else:
            move = 0.5 * step * (left - right) / bend
            move = min(max(move, -1.5 * step), 1.5 * step)
        middle = min(max(middle + move, -limit), limit)
        if abs(move) < step:
            break
    return middle


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def refine_one(flux, weight, coordinate, coefficient, offset, start, step, limit):
    """Local minimum of chi2 near ``start``: (velocity, chi2, second derivative), float64.

    Parabolas find the minimum to a few km/s; a quartic through five points 5 km/s apart around it, laid again where the
    minimum is not between them, gives the velocity to a few m/s and the curvature.
    """
    middle = _descend(flux, weight, coordinate, coefficient, offset, start, step, limit)
    h = 5.0
    f = np.empty(5)
    for turn in range(6):
        for k in range(5):
            f[k] = chi2_at(flux, weight, coordinate, coefficient, offset, middle + (k - 2) * h)
        # derivatives of the interpolating quartic at the middle
        d1 = (f[0] - 8 * f[1] + 8 * f[3] - f[4]) / (12 * h)
        d2 = (-f[0] + 16 * f[1] - 30 * f[2] + 16 * f[3] - f[4]) / (12 * h * h)
        d3 = (-f[0] + 2 * f[1] - 2 * f[3] + f[4]) / (2 * h**3)
        d4 = (f[0] - 4 * f[1] + 6 * f[2] - 4 * f[3] + f[4]) / h**4
        x = 0.0
        if d2 > 0:
            for _ in range(6):
                slope = d1 + x * (d2 + x * (d3 / 2 + x * d4 / 6))
                bend = d2 + x * (d3 + x * d4 / 2)
                if not bend > 0:
                    break
                x -= slope / bend
            x = min(max(x, -2 * h), 2 * h)
        if not abs(x) > h or abs(middle + x) >= limit or turn == 5:
            break
        middle += x
    value = f[2] + x * (d1 + x * (d2 / 2 + x * (d3 / 6 + x * d4 / 24)))
    return middle + x, value, d2 + x * (d3 + x * d4 / 2)


@numba.njit(fastmath=FAST, cache=True, forceinline=True)
def approach(flux, weight, coordinate, coefficient, offset, start, step, limit):
    """As `refine_one` to a fraction of a km/s with fewer chi2: the last parabola's points are 10 km/s apart."""
    middle = _descend(flux, weight, coordinate, coefficient, offset, start, step, limit)
    h = 10.0
    left = chi2_at(flux, weight, coordinate, coefficient, offset, middle - h)
    here = chi2_at(flux, weight, coordinate, coefficient, offset, middle)
    right = chi2_at(flux, weight, coordinate, coefficient, offset, middle + h)
    bend = left - 2.0 * here + right
    x = 0.0
    if bend > 0:
        x = min(max(0.5 * (left - right) / bend, -1.0), 1.0)
    return middle + x * h, here - 0.5 * bend * x * x, bend / (h * h)


@numba.njit(nogil=True, fastmath=FAST, cache=True)
def refine_candidates(flux, weight, coordinate, coefficient, offset, template, start, step, limit, out):
    """`approach` of each spectrum with its candidate templates.

    Parameters
    ----------
    flux, weight : ndarray of float32, [n, p]
    template : ndarray of int64, [n, c]
        Candidate templates; -1: none.
    start : ndarray of float64, [n, c]
        Where to start, km/s.
    out : ndarray of float64, [n, c, 3]
        Velocity, chi2 and second derivative; NaN for none.
    """
    for row in range(flux.shape[0]):
        y = flux[row].astype(np.float64)
        w = weight[row].astype(np.float64)
        for c in range(template.shape[1]):
            if template[row, c] < 0:
                out[row, c] = np.nan
                continue
            result = approach(y, w, coordinate, coefficient[template[row, c]], offset, start[row, c], step, limit)
            out[row, c, 0], out[row, c, 1], out[row, c, 2] = result


@numba.njit(nogil=True, fastmath=FAST, cache=True)
def curve_chunk(flux, weight, coordinate, coefficient, offset, template, velocity, out):
    """Exact chi2 of each spectrum with one template on its own velocities: [n, p], [n], [n, k] -> [n, k]."""
    for row in range(flux.shape[0]):
        y = flux[row].astype(np.float64)
        w = weight[row].astype(np.float64)
        for k in range(velocity.shape[1]):
            if template[row] < 0:
                out[row, k] = np.nan
            else:
                out[row, k] = chi2_at(y, w, coordinate, coefficient[template[row]], offset, velocity[row, k])


@numba.njit(cache=True)
def _parabola(left, here, right, middle, step):
    """Vertex and value of the parabola through three points; the middle point where it does not open upwards."""
    bend = left - 2.0 * here + right
    if not bend > 0.0:
        return middle, here
    x = min(max(0.5 * (left - right) / bend, -1.0), 1.0)
    return middle + x * step, here - 0.5 * bend * x * x


@numba.njit(nogil=True, cache=True)
def parabola_minima(chi2, velocity, least, vertex):
    """Each coarse curve's lowest point, by a parabola unless it is the end: [n, j, v] -> [n, j], [n, j]."""
    step = velocity[1] - velocity[0]
    for row in range(chi2.shape[0]):
        for j in range(chi2.shape[1]):
            k = np.argmin(chi2[row, j])
            if k == 0 or k == velocity.size - 1:
                least[row, j], vertex[row, j] = chi2[row, j, k], velocity[k]
            else:
                left, here, right = np.float64(chi2[row, j, k - 1]), np.float64(chi2[row, j, k]), chi2[row, j, k + 1]
                vertex[row, j], least[row, j] = _parabola(left, here, np.float64(right), velocity[k], step)


@numba.njit(nogil=True, fastmath=FAST, cache=True)
def approximate_minima(power, product, n_velocity, least, center):
    """As `parabola_minima`, of ``|y|^2 - |b|^2``: [n], [n, 5, j * v] -> [n, j] chi2 and index of the velocity."""
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
                least[row, j] = _parabola(left, here, right, 0.0, 1.0)[1]


@numba.njit(nogil=True, fastmath=FAST, cache=True)
def exact_minima(flux, bad, rows, coordinate, coefficient, offset, template, center, velocity, least, vertex):
    """Exact coarse minima of some templates: walks the grid from ``center`` to the local minimum. [k, c] each."""
    step = velocity[1] - velocity[0]
    last = velocity.size - 1
    for index in range(rows.size):
        row = rows[index]
        y = flux[row].astype(np.float64)
        w = (~bad[row]).astype(np.float64)
        for c in range(template.shape[1]):
            spline = coefficient[template[index, c]]
            k = min(max(center[index, c], 1), last - 1)
            left = chi2_at(y, w, coordinate, spline, offset, velocity[k - 1])
            here = chi2_at(y, w, coordinate, spline, offset, velocity[k])
            right = chi2_at(y, w, coordinate, spline, offset, velocity[k + 1])
            while left < here and k > 1:
                k -= 1
                right, here = here, left
                left = chi2_at(y, w, coordinate, spline, offset, velocity[k - 1])
            while right < here and k < last - 1:
                k += 1
                left, here = here, right
                right = chi2_at(y, w, coordinate, spline, offset, velocity[k + 1])
            if left < here:
                least[index, c], vertex[index, c] = left, velocity[k - 1]
            elif right < here:
                least[index, c], vertex[index, c] = right, velocity[k + 1]
            else:
                vertex[index, c], least[index, c] = _parabola(left, here, right, velocity[k], step)


@numba.njit(nogil=True, cache=True)
def fill_straight(flux, bad):
    """Put straight lines across masked pixels, in place."""
    for row in range(flux.shape[0]):
        last = -1
        for pixel in range(flux.shape[1] + 1):
            if pixel < flux.shape[1] and bad[row, pixel]:
                continue
            end = pixel < flux.shape[1]
            for k in range(last + 1, pixel):
                if last < 0:
                    flux[row, k] = flux[row, pixel] if end else 0.0
                elif not end:
                    flux[row, k] = flux[row, last]
                else:
                    t = np.float32((k - last) / (pixel - last))
                    flux[row, k] = flux[row, last] + t * (flux[row, pixel] - flux[row, last])
            last = pixel


@numba.njit(nogil=True, fastmath=FAST, cache=True)
def fill_model(flux, bad, basis, product):
    """Put the best model at masked pixels, in place: the basis with the largest ``|b|^2``. product: [n, 5 * m]."""
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


@numba.njit(nogil=True, cache=True)
def subtract_running_mean(values, half, share):
    """Take ``share`` of the running mean over 2 * half + 1 pixels from each row; at the ends it has fewer pixels.

    float64 or float32 [n, p] -> the same; the sums are float64.
    """
    result = np.empty_like(values)
    count = values.shape[1]
    for row in range(values.shape[0]):
        sums = np.zeros(count + 1)
        for k in range(count):
            sums[k + 1] = sums[k] + values[row, k]
        for k in range(count):
            first, end = max(0, k - half), min(count, k + half + 1)
            result[row, k] = values[row, k] - share * (sums[end] - sums[first]) / (end - first)
    return result
