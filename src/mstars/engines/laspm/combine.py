"""The best library spectra combined: weights that are not negative and sum to one, under one polynomial.

The model is P(x) * sum of w_i T_i. All of it follows from sums over pixels that `pair_moments` makes once.
"""

from __future__ import annotations

import numba
import numpy as np

from mstars.engines.laspm.kernels import solve

STEPS = 30
"""Most steps between weights and polynomial; they end when chi2 falls by less than `SETTLED` of itself."""

SETTLED = 1e-7


@numba.njit(cache=True, nogil=True)
def simplex_weights(gram, right, count, weights):
    """Least w^T G w - 2 w^T r over w >= 0 with sum 1: the best of all subsets whose own solution is not negative.

    Parameters
    ----------
    gram : ndarray of float64, [>= count, >= count]
    right : ndarray of float64, [>= count]
    count : int
        At most `mstars.engines.laspm.settings.MOST_BEST`: every subset is tried.
    weights : ndarray of float64, [>= count]
        Result.
    """
    inside = np.empty(count, np.int64)
    system, ones, one, two = np.empty((count, count)), np.ones(count), np.empty(count), np.empty(count)
    part = np.empty(count)
    least = np.inf
    for subset in range(1, 1 << count):
        size = 0
        for i in range(count):
            if subset >> i & 1:
                inside[size] = i
                part[size] = right[i]
                size += 1
        _equality(gram, part, inside, size, system, ones, one, two)
        fits = True
        for i in range(size):
            fits &= np.isfinite(one[i]) and one[i] >= 0
        if not fits:
            continue
        value = 0.0
        for i in range(size):
            value -= 2 * one[i] * part[i]
            for j in range(size):
                value += one[i] * gram[inside[i], inside[j]] * one[j]
        if value < least:
            least = value
            weights[:count] = 0.0
            for i in range(size):
                weights[inside[i]] = one[i]


@numba.njit(cache=True, nogil=True)
def _equality(gram, part, inside, size, system, ones, one, two):
    """Weights of a subset with sum 1 and any sign, in ``one``: w = u + v (1 - sum u) / sum v, G u = r, G v = 1."""
    for turn in range(2):
        for i in range(size):
            for j in range(i + 1):
                system[i, j] = gram[inside[i], inside[j]]
        if turn == 0:
            solve(system, part, size, one)
        else:
            solve(system, ones, size, two)
    first, second = 0.0, 0.0
    for i in range(size):
        first += one[i]
        second += two[i]
    share = (1 - first) / second if second != 0 else np.nan
    for i in range(size):
        one[i] += share * two[i]


@numba.njit(cache=True, nogil=True)
def _best_polynomial(products, moments, power, weights, count, size, polynomial):
    """The polynomial of a combination; returns chi2."""
    matrix, right = np.zeros((size, size)), np.zeros(size)
    for i in range(count):
        for k in range(size):
            right[k] += weights[i] * products[i, k]
        for j in range(count):
            both = weights[i] * weights[j]
            for k in range(size):
                for m in range(k + 1):
                    matrix[k, m] += both * moments[i, j, k + m]
    return power - solve(matrix, right, size, polynomial)


@numba.njit(cache=True, nogil=True)
def _gram(products, moments, weights, polynomial, count, size, gram, right):
    """Normal equations of the weights at a polynomial, with its small changes projected out (a Gauss-Newton step).

    The projection takes the present weights' own direction away, which the constraint fixes: a constant for every
    pair, which changes nothing where the weights sum to one, keeps the system regular.
    """
    for i in range(count):
        right[i] = 0.0
        for k in range(size):
            right[i] += polynomial[k] * products[i, k]
        for j in range(count):
            gram[i, j] = 0.0
            for k in range(size):
                for m in range(size):
                    gram[i, j] += polynomial[k] * polynomial[m] * moments[i, j, k + m]
    across, own = np.zeros((count, size)), np.zeros((size, size))
    rest = np.zeros(size)
    for i in range(count):
        for j in range(count):
            for k in range(size):
                for m in range(size):
                    across[i, k] += weights[j] * polynomial[m] * moments[i, j, k + m]
                    own[k, m] += weights[i] * weights[j] * moments[i, j, k + m]
        for k in range(size):
            rest[k] += weights[i] * products[i, k]
    solved, factors = np.empty((count, size)), np.empty((size, size))
    for i in range(count):
        factors[:] = own
        solve(factors, across[i], size, solved[i])
    for i in range(count):
        for k in range(size):
            right[i] -= solved[i, k] * rest[k]
        for j in range(count):
            for k in range(size):
                gram[i, j] -= solved[i, k] * across[j, k]
    scale = 1e-300
    for i in range(count):
        scale = max(scale, gram[i, i])
    for i in range(count):
        for j in range(count):
            gram[i, j] += scale


@numba.njit(cache=True, nogil=True)
def combine_rows(products, moments, power, counts, weights, chi2):
    """Weights and chi2 of each spectrum's best library spectra.

    Parameters
    ----------
    products, moments, power : ndarray of float64
        Of `mstars.engines.laspm.kernels.pair_moments`.
    counts : ndarray of int, [n]
        How many library spectra there are for each spectrum: the first of them are taken.
    weights : ndarray of float64, [n, b]
        Weights to start from, which sum to one; replaced by the result.
    chi2 : ndarray of float64, [n]
        Result: of the combination. NaN without a library spectrum.
    """
    most, size = products.shape[1], products.shape[2]
    gram, right, polynomial = np.empty((most, most)), np.empty(most), np.zeros(size)
    trial = np.zeros(most)
    for row in range(len(power)):
        count = counts[row]
        if count == 0:
            chi2[row] = np.nan
            continue
        own = weights[row]
        value = _best_polynomial(products[row], moments[row], power[row], own, count, size, polynomial)
        for _ in range(STEPS if count > 1 else 0):
            _gram(products[row], moments[row], own, polynomial, count, size, gram, right)
            simplex_weights(gram, right, count, trial)
            step, better = 1.0, value
            while step > 1e-3:  # shorter where the full step overshoots
                mixed = own + step * (trial - own)
                better = _best_polynomial(products[row], moments[row], power[row], mixed, count, size, polynomial)
                if better <= value:
                    break
                step *= 0.5
            if not better < value:
                break
            own[:] = mixed
            settled = value - better < SETTLED * abs(value)
            value = better
            if settled:
                break
        chi2[row] = value


@numba.njit(cache=True, nogil=True)
def combined_chi2(products, moments, power, counts, weights, chi2):
    """chi2 of given weights, with the best polynomial: arguments as of `combine_rows`."""
    size = products.shape[2]
    polynomial = np.empty(size)
    for row in range(len(power)):
        count = counts[row]
        chi2[row] = np.nan
        if count > 0:
            chi2[row] = _best_polynomial(products[row], moments[row], power[row], weights[row], count, size, polynomial)
