"""Levenberg-Marquardt, compiled: a Gaussian on a linear continuum."""

from __future__ import annotations

import math

import numba
import numpy as np

from mstars.velocity.normal_equations import solve_damped

N_PARAMETER = 5


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
