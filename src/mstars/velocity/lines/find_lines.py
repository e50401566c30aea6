"""Lines found in spectra, compiled: a common velocity first, then a Gaussian for each line (section 3.4.3)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np

from mstars.core.constants import C_KMS
from mstars.velocity.lines.gaussians import fit_gaussian


class Lines(NamedTuple):
    """The lines to look for.

    Attributes
    ----------
    center : ndarray of float64, [line]
        Rest wavelengths, vacuum angstrom.
    sign : float
        1 for emission, -1 for absorption.
    leader : int
        Number of the line that leads the others (H-alpha); -1: none does.
    led : ndarray of bool, [line]
        Lines that come with the leader only.
    """

    center: np.ndarray
    sign: float
    leader: int
    led: np.ndarray


class Limits(NamedTuple):
    """Where lines are looked for, and what counts as one.

    Attributes
    ----------
    half_width : float
        Half the fitted stretch around a line, angstrom.
    search_kms : float
        Largest speed, km/s.
    min_significance : float
        Least depth or height over its error.
    min_sigma, max_sigma : float
        Allowed Gaussian sigma, angstrom.
    """

    half_width: float
    search_kms: float
    min_significance: float
    min_sigma: float
    max_sigma: float


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
def stack_velocity(flux, weight, loglam0, dlog, lines, limit):
    """Velocity at which the lines together stand out most, in steps of about half a pixel (30 km/s).

    Lines that are ``led`` count for no more than the one that leads. [N II] and [S II] come with H-alpha, and a lone
    H-alpha is not to be taken for one of them.

    Parameters
    ----------
    flux, weight : ndarray of float32, [p]
    loglam0, dlog : float
        log10 of the first pixel's wavelength, and its step.
    lines : Lines
    limit : float
        Largest speed, km/s.

    Returns
    -------
    float
        km/s.
    """
    centers, sign, leader, led = lines
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
def _good_pixels(flux, weight, wavelength, first, last, middle, out):
    """Wavelengths less ``middle``, fluxes over their mean, weights over theirs, into the rows of ``out``.

    False where the mean flux is 0.
    """
    x, y, w = out[0], out[1], out[2]
    mean, total = 0.0, 0
    for i in range(first, last):
        if weight[i] > 0:
            x[total] = wavelength[i] - middle
            y[total] = flux[i]
            w[total] = weight[i]
            mean += abs(flux[i])
            total += 1
    count = x.size
    mean /= count
    if not mean > 0:
        return False
    wmean = 0.0
    for i in range(count):
        y[i] /= mean
        wmean += w[i]
    wmean /= count
    for i in range(count):
        w[i] /= wmean
    return True


@numba.njit(cache=True)
def _first_guess(x, y, sign):
    """Parameters of `fit_gaussian`: the inner pixel that sticks out most from the line between the ends."""
    count = x.size
    left, right = 0.5 * (y[0] + y[1]), 0.5 * (y[count - 1] + y[count - 2])
    slope = (right - left) / (x[count - 1] - x[0])
    level = left - slope * x[0]
    peak, where = -np.inf, 0
    for i in range(1, count - 1):
        value = sign * (y[i] - level - slope * x[i])
        if value > peak:
            peak, where = value, i
    return np.array([sign * max(peak, 1e-4), x[where], 1.8, level, slope])


@numba.njit(cache=True)
def fit_one_line(flux, weight, wavelength, first, last, middle, sign, limits):
    """Fit the pixels ``first`` to ``last`` - 1 around a wavelength.

    Parameters
    ----------
    flux, weight : ndarray of float32, [p]
    wavelength : ndarray of float64, [p]
        Vacuum angstrom.
    first, last : int
    middle : float
        Where the line is expected, angstrom.
    sign : float
        1 for emission, -1 for absorption.
    limits : Limits

    Returns
    -------
    centre, error : float
        Vacuum angstrom; NaN if the fit fails.
    significance : float
        Depth or height over its error.
    """
    count = 0
    for i in range(first, last):
        if weight[i] > 0:
            count += 1
    if count < 7:
        return np.nan, np.nan, 0.0
    good = np.empty((3, count))
    if not _good_pixels(flux, weight, wavelength, first, last, middle, good):
        return np.nan, np.nan, 0.0
    x, y, w = good[0], good[1], good[2]
    parameter = _first_guess(x, y, sign)
    value, covariance = fit_gaussian(x, y, w, parameter)
    if not (value == value) or parameter[2] < limits.min_sigma or parameter[2] > limits.max_sigma:
        return np.nan, np.nan, 0.0
    if parameter[1] < x[0] or parameter[1] > x[count - 1] or sign * parameter[0] <= 0:
        return np.nan, np.nan, 0.0
    unit = max(value / max(count - 5, 1), 1e-20)
    if not (covariance[0, 0] > 0 and covariance[1, 1] > 0):
        return np.nan, np.nan, 0.0
    significance = abs(parameter[0]) / math.sqrt(covariance[0, 0] * unit)
    return middle + parameter[1], math.sqrt(covariance[1, 1] * unit), significance


@numba.njit(nogil=True, cache=True)
def fit_lines(flux, weight, wavelength, lines, limits):
    """Centres of all lines of all spectra.

    The lines are looked for around a common velocity (where they stand out together), each in a stretch that
    ends halfway to its neighbour in the list; each then has its own fit and its own velocity.

    Parameters
    ----------
    flux, weight : ndarray of float32, [n, p]
        Weight is 0 for pixels that do not count.
    wavelength : ndarray of float64, [p]
        Vacuum angstrom, log-uniform.
    lines : Lines
    limits : Limits

    Returns
    -------
    ndarray of float64, [n, line, 2]
        Centre and its error, vacuum angstrom; NaN where there is no line.
    """
    centers = lines.center
    result = np.full((flux.shape[0], centers.size, 2), np.nan)
    loglam0 = math.log10(wavelength[0])
    dlog = math.log10(wavelength[1]) - loglam0
    for row in range(flux.shape[0]):
        velocity = stack_velocity(flux[row], weight[row], loglam0, dlog, lines, limits.search_kms)
        for line in range(centers.size):
            middle = centers[line] * (1.0 + velocity / C_KMS)
            low, high = _neighbour_limits(centers, line, limits.half_width)
            first = int(math.ceil((math.log10(middle + low) - loglam0) / dlog))
            last = int(math.floor((math.log10(middle + high) - loglam0) / dlog)) + 1
            if first < 0 or last > wavelength.size:
                continue
            fit = fit_one_line(flux[row], weight[row], wavelength, first, last, middle, lines.sign, limits)
            if fit[2] >= limits.min_significance:
                result[row, line, 0], result[row, line, 1] = fit[0], fit[1]
    return result
