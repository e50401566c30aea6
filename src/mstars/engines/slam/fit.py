"""Labels of spectra: least squares by Levenberg and Marquardt for many spectra side by side (Moré 1978)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mstars.engines.slam.forward import ForwardModel

ITERATIONS = 50
STARTS = 96
"""Landmarks whose spectra a fit may start from."""
DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-3, 1e-9, 1e8
NEAR = 1e-6
"""Expected fall of chi2 below which a fit has converged: the labels are within a thousandth of their errors."""
_SIDE_BY_SIDE = 192


@dataclass
class Fitted:
    """Fits of n spectra with k labels; NaN for a spectrum with fewer measured pixels than `LEAST_PIXELS`.

    Attributes
    ----------
    labels, error : ndarray of float64, [n, k]
        K and dex; the error is the square root of the diagonal of (J' W J)^-1.
    chi2 : ndarray of float64, [n]
        The minimum of Eq. 3.
    pixels : ndarray of int, [n]
        Measured ones.
    converged, at_boundary : ndarray of bool, [n]
    """

    labels: np.ndarray
    error: np.ndarray
    chi2: np.ndarray
    pixels: np.ndarray
    converged: np.ndarray
    at_boundary: np.ndarray


LEAST_PIXELS = 100


class Fitter:
    """Fits spectra with one forward model.

    Parameters
    ----------
    model : ForwardModel
    variance : ndarray of float64, [pixel]
        The model's variance, of scaled fluxes (Eq. 3).
    lower, upper : ndarray of float64, [k]
        The box of labels, K and dex.
    soft : bool
        Soft L1 loss, as astroslam has it; Eq. 3 has squares.
    drop_noisy : bool
        Leave out pixels whose noise is above their spread among the training stars, as astroslam does.
    """

    def __init__(self, model: ForwardModel, variance, lower, upper, *, soft=False, drop_noisy=False):
        self.model = model.single()
        scaling = model.scaling
        self._lower, self._upper = scaling.labels(np.asarray(lower)), scaling.labels(np.asarray(upper))
        self._soft, self._drop = soft, drop_noisy
        # pixels in the order of the groups: a group's are contiguous
        self._order = np.concatenate([one.pixels for one in model.groups])
        ends = np.cumsum([len(one.pixels) for one in model.groups])
        self._slices = [slice(end - len(one.pixels), end) for end, one in zip(ends, model.groups, strict=True)]
        self._variance = np.asarray(variance, dtype=np.float32)[self._order]
        self._mean, self._scale = scaling.flux_mean[self._order], scaling.flux_scale[self._order]
        self._starts = np.clip(model.groups[0].features.landmarks[:STARTS], self._lower, self._upper)
        self._start_flux = self.model.scaled(self._starts)[:, self._order]

    def fit(self, flux: np.ndarray, ivar: np.ndarray, start: np.ndarray | None = None) -> Fitted:
        """Fit spectra.

        Parameters
        ----------
        flux, ivar : ndarray of float32, [n, pixel]
            Normalised; the inverse variance is 0 where there is no measurement.
        start : ndarray of float64, [n, k], optional
            Labels to start from, K and dex; by default those of the landmark whose spectrum is nearest.

        Returns
        -------
        Fitted
        """
        n, k = len(flux), len(self._lower)
        result = Fitted(
            np.full((n, k), np.nan),
            np.full((n, k), np.nan),
            np.full(n, np.nan),
            (np.asarray(ivar) > 0).sum(axis=1),
            np.zeros(n, bool),
            np.zeros(n, bool),
        )
        enough = np.flatnonzero(result.pixels >= LEAST_PIXELS)
        for first in range(0, len(enough), _SIDE_BY_SIDE):
            rows = enough[first : first + _SIDE_BY_SIDE]
            self._fit_rows(rows, np.asarray(flux[rows]), np.asarray(ivar[rows]), start, result)
        return result

    def _fit_rows(self, rows, flux, ivar, start, result: Fitted) -> None:
        y = (flux[:, self._order] - self._mean) / self._scale
        info = ivar[:, self._order] * np.square(self._scale)
        weight = info / (1 + info * self._variance)
        if self._drop:
            weight[info <= 1] = 0
            result.pixels[rows] = (weight > 0).sum(axis=1)
        if start is None:
            # chi2 of every start but for a constant: two products of matrices
            chi2 = weight @ np.square(self._start_flux).T - 2 * (weight * y) @ self._start_flux.T
            theta = self._starts[np.argmin(chi2, axis=1)]
        else:
            theta = np.clip(self.model.scaling.labels(start[rows]), self._lower, self._upper)
        theta, chi2, hessian, converged = self._minimise(y, weight, theta)
        scaling = self.model.scaling
        result.labels[rows] = theta * scaling.label_scale + scaling.label_mean
        result.error[rows] = _errors(hessian) * scaling.label_scale
        result.chi2[rows], result.converged[rows] = chi2, converged
        edge = 1e-4 * (self._upper - self._lower)
        result.at_boundary[rows] = ((theta <= self._lower + edge) | (theta >= self._upper - edge)).any(axis=1)

    def _minimise(self, y, weight, theta):
        """Minimum of Eq. 3 from a start each: scaled labels, chi2, J' W J and whether it converged."""
        theta = theta.copy()
        chi2, hessian, gradient = self._evaluate(y, weight, theta)
        damping, active = np.full(len(theta), DAMPING), np.arange(len(theta))
        converged = np.zeros(len(theta), bool)
        for _ in range(ITERATIONS):
            step, fall = _step(
                theta[active], hessian[active], gradient[active], damping[active], self._lower, self._upper
            )
            done = fall < NEAR
            converged[active[done]] = True
            active, step = active[~done], step[~done]
            if not len(active):
                break
            trial = theta[active] + step
            new_chi2, new_hessian, new_gradient = self._evaluate(y[active], weight[active], trial)
            better = new_chi2 < chi2[active]
            rows = active[better]
            theta[rows], chi2[rows] = trial[better], new_chi2[better]
            hessian[rows], gradient[rows] = new_hessian[better], new_gradient[better]
            damping[active] = np.where(
                better, np.maximum(damping[active] / 10, LEAST_DAMPING), np.minimum(damping[active] * 10, MOST_DAMPING)
            )
        return theta, chi2, hessian, converged

    def _evaluate(self, y, weight, theta):
        from mstars.engines.slam.fit_loops import normal_equations

        n, k = theta.shape
        chi2, hessian, gradient = np.zeros(n), np.zeros((n, k, k)), np.zeros((n, k))
        for one, part in zip(self.model.groups, self._slices, strict=True):
            features = one.features.with_slopes(theta).astype(np.float32)
            model = (features.reshape(-1, features.shape[2]) @ one.weights).reshape(1 + k, n, -1)
            normal_equations(y[:, part], weight[:, part], model, one.offset, self._soft, chi2, hessian, gradient)
        for one in range(k):
            for two in range(one):
                hessian[:, two, one] = hessian[:, one, two]
        return chi2, hessian, gradient


def _step(theta, hessian, gradient, damping, lower, upper):
    """The damped step of each spectrum within the box, and the fall of chi2 that the undamped one promises."""
    k = theta.shape[1]
    stuck = ((theta <= lower) & (gradient < 0)) | ((theta >= upper) & (gradient > 0))
    free = ~stuck
    diagonal = np.arange(k)
    matrix = hessian * (free[:, :, None] & free[:, None, :])
    size = matrix[:, diagonal, diagonal]
    matrix[:, diagonal, diagonal] = np.where(size > 0, size * (1 + damping[:, None]), 1.0)
    step = np.linalg.solve(matrix, (gradient * free)[:, :, None])[:, :, 0]
    step = np.clip(theta + step, lower, upper) - theta
    return step, np.abs(np.einsum("nk,nk->n", gradient * free, step))


def _errors(hessian):
    """Square root of the diagonal of the inverse; infinite where a label does not matter."""
    result = np.full(hessian.shape[:2], np.inf)
    sound = np.linalg.det(hessian) > 0
    if sound.any():
        inverse = np.linalg.inv(hessian[sound])
        variance = np.diagonal(inverse, axis1=1, axis2=2)
        result[sound] = np.where(variance > 0, np.sqrt(np.abs(variance)), np.inf)
    return result
