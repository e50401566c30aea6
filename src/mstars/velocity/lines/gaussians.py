"""Batched Levenberg-Marquardt: a Gaussian on a linear continuum, for each line of each spectrum, compiled."""

from __future__ import annotations

import math

import numba
import numpy as np

from mstars.core.constants import C_KMS

N_PARAMETER = 5


@numba.njit(cache=True)
def solve_damped(normal, gradient, damping, matrix, out):
    """Solve (normal + damping * diag(normal)) out = gradient for a small symmetric system; False if singular.

    Only the lower triangle of ``normal`` is read; ``matrix`` is room to work in.
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
def _chi2(x, y, w, parameter, bell, residual):
    """chi2 of the model; its Gaussians of height 1 and residuals are left in ``bell`` and ``residual``."""
    total = 0.0
    inverse = 1.0 / parameter[2]
    for i in range(x.size):
        u = (x[i] - parameter[1]) * inverse
        bell[i] = math.exp(-0.5 * u * u)
        residual[i] = y[i] - parameter[0] * bell[i] - parameter[3] - parameter[4] * x[i]
        total += w[i] * residual[i] * residual[i]
    return total


@numba.njit(cache=True)
def _normal(x, w, parameter, bell, residual, normal, gradient):
    """Lower triangle of the normal matrix, and the gradient, from what `_chi2` left."""
    n00 = n10 = n11 = n20 = n21 = n22 = n30 = n31 = n32 = n33 = n40 = n41 = n42 = n43 = n44 = 0.0
    g0 = g1 = g2 = g3 = g4 = 0.0
    inverse = 1.0 / parameter[2]
    for i in range(x.size):
        u = (x[i] - parameter[1]) * inverse
        j0 = bell[i]
        j1 = parameter[0] * j0 * u * inverse
        j2 = j1 * u
        weight = w[i]
        w0, w1, w2, w4 = weight * j0, weight * j1, weight * j2, weight * x[i]
        n00 += w0 * j0
        n10 += w0 * j1
        n11 += w1 * j1
        n20 += w0 * j2
        n21 += w1 * j2
        n22 += w2 * j2
        n30 += w0
        n31 += w1
        n32 += w2
        n33 += weight
        n40 += w0 * x[i]
        n41 += w1 * x[i]
        n42 += w2 * x[i]
        n43 += w4
        n44 += w4 * x[i]
        r = residual[i]
        g0 += w0 * r
        g1 += w1 * r
        g2 += w2 * r
        g3 += weight * r
        g4 += w4 * r
    normal[0, 0], normal[1, 0], normal[1, 1], normal[2, 0], normal[2, 1] = n00, n10, n11, n20, n21
    normal[2, 2], normal[3, 0], normal[3, 1], normal[3, 2], normal[3, 3] = n22, n30, n31, n32, n33
    normal[4, 0], normal[4, 1], normal[4, 2], normal[4, 3], normal[4, 4] = n40, n41, n42, n43, n44
    gradient[0], gradient[1], gradient[2], gradient[3], gradient[4] = g0, g1, g2, g3, g4


@numba.njit(cache=True)
def fit_gaussian(x, y, w, parameter, max_step=50):
    """Weighted least-squares fit of amplitude, centre, sigma, level and slope, in place.

    Parameters
    ----------
    x, y, w : ndarray of float64, [p]
        Abscissa (best centred on zero), flux and weight.
    parameter : ndarray of float64, [5]
        Start values; the solution on return.

    Returns
    -------
    chi2 : float
        At the solution; NaN when it did not converge.
    covariance : ndarray, [5, 5]
        Inverse of the normal matrix (not scaled by the residuals).
    """
    room = np.empty((5, N_PARAMETER, N_PARAMETER))
    normal, work, covariance = room[0], room[1], room[2]
    gradient, step, trial, unit = room[3, 0], room[3, 1], room[3, 2], room[3, 3]
    held = np.empty((4, x.size))
    bell, residual, new_bell, new_residual = held[0], held[1], held[2], held[3]
    best = _chi2(x, y, w, parameter, bell, residual)
    damping = 1e-3
    done = False
    for _ in range(max_step):
        _normal(x, w, parameter, bell, residual, normal, gradient)
        moved = False
        for _ in range(12):
            if not solve_damped(normal, gradient, damping, work, step):
                damping *= 10
                continue
            for k in range(N_PARAMETER):
                trial[k] = parameter[k] + step[k]
            value = _chi2(x, y, w, trial, new_bell, new_residual) if trial[2] != 0 else np.inf
            if value <= best:
                moved = True
                break
            damping *= 8
        if not moved:
            done = True
            break
        small = abs(step[1]) < 1e-4 and best - value <= 1e-6 * best
        best = value
        parameter[:] = trial
        bell, new_bell = new_bell, bell
        residual, new_residual = new_residual, residual
        damping = max(damping * 0.2, 1e-9)
        if small:
            done = True
            break
    parameter[2] = abs(parameter[2])
    _normal(x, w, parameter, bell, residual, normal, gradient)
    for k in range(N_PARAMETER):
        unit[:] = 0.0
        unit[k] = 1.0
        if not solve_damped(normal, unit, 0.0, work, covariance[k]):
            return np.nan, covariance
    return (best if done else np.nan), covariance


@numba.njit(cache=True)
def _line_contrast(flux, weight, middle, sign):
    """How far the core of a line (3 pixels) stands out from both its sides, over the noise: -1 to 8, emission to 25."""
    core = core_weight = side = side_weight = variance = 0.0
    for j in range(-7, 8):
        w = weight[middle + j]
        if w <= 0:
            continue
        distance = abs(j)
        if distance <= 1:
            core += flux[middle + j]
            core_weight += 1.0
            variance += 1.0 / w
        elif distance >= 4:
            side += flux[middle + j]
            side_weight += 1.0
    if core_weight < 2 or side_weight < 4:
        return 0.0
    noise = math.sqrt(variance / core_weight * (1 / core_weight + 1 / side_weight))
    # features of the bands are some per cent deep: they count as noise
    level = abs(side / side_weight)
    value = sign * (core / core_weight - side / side_weight) / math.hypot(noise, 0.03 * level)
    return min(max(value, -1.0), 25.0 if sign > 0 else 8.0)


@numba.njit(cache=True)
def _stack_velocity(flux, weight, loglam0, dlog, centers, sign, limit, leader, led):
    """Velocity at which the lines together stand out most, in steps of about half a pixel (30 km/s).

    Lines that are ``led`` count for no more than the line number ``leader`` (-1: none leads): [N II] and [S II] come
    with H-alpha, and a lone H-alpha is not to be taken for one of them.
    """
    best_velocity, best_score = 0.0, -np.inf
    n_step = int(limit / 30.0)
    place = np.log10(centers)
    # neighbouring velocities often fall on the same pixel
    pixel, contrast = np.full(centers.size, -1), np.zeros(centers.size)
    for k in range(-n_step, n_step + 1):
        shift = math.log10(1.0 + k * 30.0 / C_KMS)
        score, most = 0.0, np.inf
        if leader >= 0:
            middle, most = int(round((place[leader] + shift - loglam0) / dlog)), 0.0
            if 7 <= middle < flux.size - 7:
                most = max(_line_contrast(flux, weight, middle, sign), 0.0)
        for line in range(centers.size):
            middle = int(round((place[line] + shift - loglam0) / dlog))
            if 7 <= middle < flux.size - 7:
                if middle != pixel[line]:
                    pixel[line], contrast[line] = middle, _line_contrast(flux, weight, middle, sign)
                score += min(contrast[line], most) if led[line] else contrast[line]
        if score > best_score:
            best_score = score
            best_velocity = k * 30.0
    return best_velocity


@numba.njit(cache=True)
def _neighbour_limits(centers, line, half_width):
    """Stretch to fit around a line: half the way to the next line at most."""
    low, high = -half_width, half_width
    for other in range(centers.size):
        gap = centers[other] - centers[line]
        if gap > 0:
            high = min(high, 0.5 * gap)
        elif gap < 0:
            low = max(low, 0.5 * gap)
    return low, high


@numba.njit(cache=True)
def fit_one_line(flux, weight, wavelength, first, last, middle, sign, min_sigma, max_sigma):
    """Fit pixels first..last-1 around ``middle``: (centre, its error, significance, sigma), NaN if it fails."""
    count = 0
    for i in range(first, last):
        if weight[i] > 0:
            count += 1
    if count < 7:
        return np.nan, np.nan, 0.0, np.nan
    x, y, w = np.empty(count), np.empty(count), np.empty(count)
    mean, total = 0.0, 0
    for i in range(first, last):
        if weight[i] > 0:
            x[total] = wavelength[i] - middle
            y[total] = flux[i]
            w[total] = weight[i]
            mean += abs(flux[i])
            total += 1
    mean /= count
    if not mean > 0:
        return np.nan, np.nan, 0.0, np.nan
    wmean = 0.0
    for i in range(count):
        y[i] /= mean
        wmean += w[i]
    wmean /= count
    for i in range(count):
        w[i] /= wmean
    # start: the pixel that sticks out most from the line between the ends, within the inner part
    left, right = 0.5 * (y[0] + y[1]), 0.5 * (y[count - 1] + y[count - 2])
    slope = (right - left) / (x[count - 1] - x[0])
    level = left - slope * x[0]
    peak, where = -np.inf, 0
    for i in range(1, count - 1):
        value = sign * (y[i] - level - slope * x[i])
        if value > peak:
            peak, where = value, i
    parameter = np.array([sign * max(peak, 1e-4), x[where], 1.8, level, slope])
    value, covariance = fit_gaussian(x, y, w, parameter)
    if not (value == value) or parameter[2] < min_sigma or parameter[2] > max_sigma:
        return np.nan, np.nan, 0.0, np.nan
    if parameter[1] < x[0] or parameter[1] > x[count - 1] or sign * parameter[0] <= 0:
        return np.nan, np.nan, 0.0, np.nan
    unit = max(value / max(count - 5, 1), 1e-20)
    if not (covariance[0, 0] > 0 and covariance[1, 1] > 0):
        return np.nan, np.nan, 0.0, np.nan
    significance = abs(parameter[0]) / math.sqrt(covariance[0, 0] * unit)
    return middle + parameter[1], math.sqrt(covariance[1, 1] * unit), significance, parameter[2]


@numba.njit(nogil=True, cache=True)
def fit_lines(
    flux,
    weight,
    wavelength,
    centers,
    sign,
    half_width,
    search_kms,
    min_significance,
    min_sigma,
    max_sigma,
    leader,
    led,
):
    """Centres of all lines of all spectra: float64 [n, line, 2] (vacuum angstrom, error), NaN where there is none.

    The lines are looked for around a common velocity (where they stand out together), each in a stretch that
    ends halfway to its neighbour in the list; each then has its own fit and its own velocity.
    """
    result = np.full((flux.shape[0], centers.size, 2), np.nan)
    loglam0 = math.log10(wavelength[0])
    dlog = math.log10(wavelength[1]) - loglam0
    for row in range(flux.shape[0]):
        velocity = _stack_velocity(flux[row], weight[row], loglam0, dlog, centers, sign, search_kms, leader, led)
        for line in range(centers.size):
            middle = centers[line] * (1.0 + velocity / C_KMS)
            low, high = _neighbour_limits(centers, line, half_width)
            first = int(math.ceil((math.log10(middle + low) - loglam0) / dlog))
            last = int(math.floor((math.log10(middle + high) - loglam0) / dlog)) + 1
            if first < 0 or last > wavelength.size:
                continue
            fit = fit_one_line(flux[row], weight[row], wavelength, first, last, middle, sign, min_sigma, max_sigma)
            if fit[2] >= min_significance:
                result[row, line, 0], result[row, line, 1] = fit[0], fit[1]
    return result
