"""Compiled loops of `mstars.engines.slam.fit`."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(inline="always")
def _weighed(off, weight, soft):
    """Weight of a pixel in the derivatives, and its share of chi2."""
    z = weight * off * off
    if soft:
        root = np.sqrt(np.float32(1.0) + z)
        weight /= root
        z = np.float32(2.0) * (root - np.float32(1.0))
    return weight, z


@numba.njit(cache=True, fastmath=True)
def normal_equations(flux, weight, model, offset, soft, keep, chi2, hessian, gradient):
    """Sums of Eq. 3 of Li et al. 2021 and of its derivatives over some pixels, added to what is there.

    Parameters
    ----------
    flux, weight : ndarray of float32, [n, p]
        Scaled fluxes, and inverse of their variance and the model's together.
    model : ndarray of float32, [1 + k, n, p]
        Scaled fluxes of the model less ``offset``, and their derivatives.
    offset : ndarray of float32, [p]
    soft : bool
        Soft L1 loss, 2 (sqrt(1 + z) - 1), instead of z = weight (flux - model)^2.
    keep : bool
        Whether ``model`` is overwritten with the weighted residuals and derivatives.
    chi2 : ndarray of float64, [n]
    hessian : ndarray of float64, [n, k, k]
        Lower triangle of J' W J.
    gradient : ndarray of float64, [n, k]
        J' W (flux - model).
    """
    k = model.shape[0] - 1
    for row in range(flux.shape[0]):
        total = 0.0
        if k == 2:
            a = b = c = d = e = np.float32(0.0)
            for pixel in range(flux.shape[1]):
                off = flux[row, pixel] - model[0, row, pixel] - offset[pixel]
                w, z = _weighed(off, weight[row, pixel], soft)
                total += z
                x, y = model[1, row, pixel], model[2, row, pixel]
                wx, wy = w * x, w * y
                a += wx * x
                b += wx * y
                c += wy * y
                d += wx * off
                e += wy * off
                if keep:
                    model[0, row, pixel] = w * off
                    model[1, row, pixel], model[2, row, pixel] = wx, wy
            hessian[row, 0, 0] += a
            hessian[row, 1, 0] += b
            hessian[row, 1, 1] += c
            gradient[row, 0] += d
            gradient[row, 1] += e
        else:
            for pixel in range(flux.shape[1]):
                off = flux[row, pixel] - model[0, row, pixel] - offset[pixel]
                w, z = _weighed(off, weight[row, pixel], soft)
                total += z
                for one in range(k):
                    slope = w * model[1 + one, row, pixel]
                    gradient[row, one] += slope * off
                    for two in range(one + 1):
                        hessian[row, one, two] += slope * model[1 + two, row, pixel]
                if keep:
                    model[0, row, pixel] = w * off
                    for one in range(k):
                        model[1 + one, row, pixel] *= w
        chi2[row] += total
