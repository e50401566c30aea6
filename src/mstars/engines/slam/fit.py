"""Labels of spectra: least squares by Levenberg and Marquardt for many spectra side by side (Moré 1978)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mstars.engines.slam.covariance import Covariance, products, strengths_covariance
from mstars.engines.slam.forward import ForwardModel
from mstars.engines.slam.outliers import ROUNDS, outlying

ITERATIONS, NEWTON_ITERATIONS = 20, 30
"""Steps with J' W J as the curvature, and then for spectra that it leads on slowly, with chi2's own."""
STARTS = 96
"""Landmarks whose spectra a fit may start from."""
DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-3, 1e-9, 1e8
NEAR = 1e-6
"""Expected fall of chi2 below which a fit has converged: the labels are within a thousandth of their errors."""
_BESIDE, _CONVEX = 0.01, 0.01
_ROUNDING = 2e-6
"""Of sums of single precision, as a share of chi2: a step whose rise of chi2 is smaller counts as a good one."""
_SIDE_BY_SIDE = 192


@dataclass
class Fitted:
    """Fits of n spectra with k labels; NaN for a spectrum with fewer measured pixels than `LEAST_PIXELS`.

    Attributes
    ----------
    labels, error : ndarray of float64, [n, k]
        K and dex; the error is the square root of the diagonal of (J' W J)^-1, wider for correlated noise, the
        correction of the labels and the floor where there are these.
    chi2 : ndarray of float64, [n]
        The minimum of Eq. 3; with modes, of the residuals times the inverse of their covariance.
    pixels : ndarray of int, [n]
        Measured ones, without outliers.
    converged, at_boundary : ndarray of bool, [n]
    """

    labels: np.ndarray
    error: np.ndarray
    chi2: np.ndarray
    pixels: np.ndarray
    converged: np.ndarray
    at_boundary: np.ndarray

    @property
    def reduced(self) -> np.ndarray:
        """chi2 per degree of freedom, [n]."""
        return self.chi2 / np.maximum(self.pixels - self.labels.shape[1], 1)


LEAST_PIXELS = 100


class Fitter:
    """Fits spectra with one forward model.

    Parameters
    ----------
    model : ForwardModel
    covariance : Covariance or ndarray of float64, [pixel]
        The model's, of scaled fluxes; an array is the variance of each pixel, which then are independent (Eq. 3).
    lower, upper : ndarray of float64, [k]
        The box of labels, K and dex.
    soft : bool
        Soft L1 loss, as astroslam has it; Eq. 3 has squares.
    drop_noisy : bool
        Leave out pixels whose noise, or whose variance beside it, is above their spread among the training stars, as
        astroslam does.
    shrinkage : Shrinkage, optional
        Of the labels, which is corrected.
    outliers : float, optional
        Single pixels that are so many standard deviations from the fit are left out (`mstars.engines.slam.outliers`).
    """

    def __init__(
        self,
        model: ForwardModel,
        covariance,
        lower,
        upper,
        *,
        soft=False,
        drop_noisy=False,
        shrinkage=None,
        outliers=None,
    ):
        self.model = model.single()
        scaling = model.scaling
        self._lower, self._upper = scaling.labels(np.asarray(lower)), scaling.labels(np.asarray(upper))
        self._soft, self._drop, self._shrinkage, self._outliers = soft, drop_noisy, shrinkage, outliers
        # pixels in the order of the groups: a group's are contiguous
        self._order = np.concatenate([one.pixels for one in model.groups])
        ends = np.cumsum([len(one.pixels) for one in model.groups])
        self._slices = [slice(end - len(one.pixels), end) for end, one in zip(ends, model.groups, strict=True)]
        if not isinstance(covariance, Covariance):
            covariance = Covariance.of_pixels(covariance)
        self._variance = np.asarray(covariance.variance, dtype=np.float32)[self._order]
        self._modes = np.ascontiguousarray(covariance.modes[self._order], dtype=np.float32)
        self._pairs = products(self._modes)
        self._correlation, self._floor = covariance.correlation, covariance.floor
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
        slow = enough[~result.converged[enough]]
        for first in range(0, len(slow), _SIDE_BY_SIDE):
            rows = slow[first : first + _SIDE_BY_SIDE]
            self._fit_rows(rows, np.asarray(flux[rows]), np.asarray(ivar[rows]), result.labels, result, newton=True)
        if self._shrinkage is not None:
            result.labels, result.error = self._shrinkage.corrected(result.labels, result.error)
        if len(self._floor):
            result.error = np.hypot(result.error, self._floor)
        return result

    def _fit_rows(self, rows, flux, ivar, start, result: Fitted, *, newton: bool = False) -> None:
        y = (flux[:, self._order] - self._mean) / self._scale
        info = ivar[:, self._order] * np.square(self._scale)
        weight = info / (1 + info * self._variance)
        if self._drop:
            weight[(info < 1) | (self._variance >= 1)] = 0
        if start is None:
            # chi2 of every start but for a constant: two products of matrices
            chi2 = weight @ np.square(self._start_flux).T - 2 * (weight * y) @ self._start_flux.T
            theta = self._starts[np.argmin(chi2, axis=1)]
        else:
            theta = np.clip(self.model.scaling.labels(start[rows]), self._lower, self._upper)
        self._solve(rows, y, weight, info, theta, result, newton)
        if self._outliers:
            self._without_outliers(rows, y, weight, info, result, newton)

    def _solve(self, rows, y, weight, info, theta, result: Fitted, newton) -> None:
        strengths = strengths_covariance(weight, self._pairs)
        theta, chi2, hessian, converged = self._minimise(y, weight, strengths, theta, newton)
        scaling = self.model.scaling
        result.labels[rows] = theta * scaling.label_scale + scaling.label_mean
        result.error[rows] = self._errors(hessian, y, weight, info, strengths, theta) * scaling.label_scale
        result.chi2[rows], result.converged[rows] = chi2, converged
        result.pixels[rows] = (weight > 0).sum(axis=1)
        edge = 1e-4 * (self._upper - self._lower)
        result.at_boundary[rows] = ((theta <= self._lower + edge) | (theta >= self._upper - edge)).any(axis=1)

    def _without_outliers(self, rows, y, weight, info, result: Fitted, newton) -> None:
        """Fit spectra with outliers again without them; ``weight`` becomes 0 there."""
        own, removed = np.arange(len(rows)), np.zeros(len(rows), int)
        for _ in range(ROUNDS):
            theta = self.model.scaling.labels(result.labels[rows[own]])
            far = outlying(self._pulls(y[own], weight[own], theta), self._outliers, removed[own])[:, self._order]
            some = far.any(axis=1)
            own = own[some]
            if not len(own):
                break
            weight[own] = np.where(far[some], 0, weight[own])
            removed[own] += far[some].sum(axis=1)
            self._solve(rows[own], y[own], weight[own], info[own], theta[some], result, newton)

    def _pulls(self, y, weight, theta):
        """Residuals over their standard deviation, without what the modes take: [n, pixel] by wavelength."""
        off = y - self.model.scaled(theta)[:, self._order]
        if self._modes.shape[1]:
            spread = strengths_covariance(weight, self._pairs)
            strength = np.einsum("nkl,nl->nk", spread, (weight * off) @ self._modes)
            off -= strength @ self._modes.T
        pull = np.empty_like(off)
        pull[:, self._order] = off * np.sqrt(weight)
        return pull

    def _minimise(self, y, weight, strengths, theta, newton):
        """Minimum of Eq. 3 from a start each: scaled labels, chi2, J' W J and whether it converged."""
        theta = theta.copy()
        chi2, hessian, gradient = self._evaluate(y, weight, strengths, theta)
        damping, active = np.full(len(theta), DAMPING), np.arange(len(theta))
        converged = np.zeros(len(theta), bool)
        for _ in range(NEWTON_ITERATIONS if newton else ITERATIONS):
            curvature = hessian[active]
            if newton:
                given = y[active], weight[active], strengths[active], theta[active]
                curvature = self._curvature(*given, curvature, gradient[active])
            step, fall = _step(theta[active], curvature, gradient[active], damping[active], self._lower, self._upper)
            done = fall < NEAR
            converged[active[done]] = True
            active, step = active[~done], step[~done]
            if not len(active):
                break
            trial = theta[active] + step
            new_chi2, new_hessian, new_gradient = self._evaluate(y[active], weight[active], strengths[active], trial)
            better = new_chi2 < (1 + _ROUNDING) * chi2[active]
            rows = active[better]
            theta[rows], chi2[rows] = trial[better], new_chi2[better]
            hessian[rows], gradient[rows] = new_hessian[better], new_gradient[better]
            damping[active] = np.where(
                better, np.maximum(damping[active] / 10, LEAST_DAMPING), np.minimum(damping[active] * 10, MOST_DAMPING)
            )
        return theta, chi2, hessian, converged

    def _curvature(self, y, weight, strengths, theta, hessian, gradient):
        """Half the second derivative of chi2, by differences of the gradient; J' W J where chi2 is not convex.

        Where the noise is large, curved models make the two differ, and steps with J' W J are too short.
        """
        change = []
        for label in range(theta.shape[1]):
            beside = theta.copy()
            beside[:, label] += _BESIDE
            change.append((gradient - self._evaluate(y, weight, strengths, beside)[2]) / _BESIDE)
        found = np.stack(change, axis=1)
        found = 0.5 * (found + np.swapaxes(found, 1, 2))
        least, own = np.linalg.eigvalsh(found)[:, 0], np.linalg.eigvalsh(hessian)[:, 0]
        return np.where((least > _CONVEX * own)[:, None, None], found, hessian)

    def _sums(self, y, weight, theta, keep):
        """Sums over pixels, and where ``keep`` says so the weighted residuals and derivatives, [1 + k, n, pixel]."""
        from mstars.engines.slam.fit_loops import normal_equations

        n, k = theta.shape
        chi2, hessian, gradient, kept = np.zeros(n), np.zeros((n, k, k)), np.zeros((n, k)), []
        for one, part in zip(self.model.groups, self._slices, strict=True):
            features = one.features.with_slopes(theta).astype(np.float32)
            model = (features.reshape(-1, features.shape[2]) @ one.weights).reshape(1 + k, n, -1)
            normal_equations(y[:, part], weight[:, part], model, one.offset, self._soft, keep, chi2, hessian, gradient)
            kept.append(model)
        for one in range(k):
            for two in range(one):
                hessian[:, two, one] = hessian[:, one, two]
        return chi2, hessian, gradient, kept

    def _evaluate(self, y, weight, strengths, theta):
        if not self._modes.shape[1]:
            return self._sums(y, weight, theta, False)[:3]
        chi2, hessian, gradient, kept = self._sums(y, weight, theta, True)
        along = self._along_modes(kept)
        # the modes' strengths are fitted too, with their prior (Woodbury's identity)
        taken = along @ strengths
        chi2 -= np.einsum("nk,nk->n", taken[:, 0], along[:, 0])
        gradient -= np.einsum("nak,nk->na", taken[:, 1:], along[:, 0])
        hessian -= taken[:, 1:] @ np.swapaxes(along[:, 1:], 1, 2)
        return chi2, hessian, gradient

    def _along_modes(self, kept):
        """Sums over pixels of weighted residuals and derivatives times each mode: float64 [n, 1 + k, mode]."""
        total = 0.0
        for one, part in zip(kept, self._slices, strict=True):
            total = total + (one.reshape(-1, one.shape[2]) @ self._modes[part]).astype(float)
        return np.swapaxes(total.reshape(*kept[0].shape[:2], -1), 0, 1)

    def _errors(self, hessian, y, weight, info, strengths, theta):
        """Square root of the diagonal of the labels' covariance; infinite where a label does not matter."""
        result, k = np.full(theta.shape, np.inf), theta.shape[1]
        sound = np.linalg.det(hessian) > 0
        inverse = np.linalg.inv(np.where(sound[:, None, None], hessian, np.eye(k)))
        if len(self._correlation):
            inverse = inverse @ (hessian + self._shared_noise(y, weight, info, strengths, theta)) @ inverse
        variance = np.diagonal(inverse, axis1=1, axis2=2)
        result[sound] = np.where(variance > 0, np.sqrt(np.abs(variance)), np.inf)[sound]
        return result

    def _shared_noise(self, y, weight, info, strengths, theta):
        """What the correlation of neighbours' noise adds to the covariance of the gradient, [n, k, k]."""
        kept = self._sums(y, weight, theta, True)[3]
        pull = np.concatenate(kept, axis=2)[1:]
        if self._modes.shape[1]:
            taken = self._along_modes(kept)[:, 1:] @ strengths
            pull -= np.moveaxis(taken.astype(np.float32) @ self._modes.T, 1, 0) * weight
        sigma = np.where(info > 0, 1 / np.sqrt(np.where(info > 0, info, 1)), 0).astype(np.float32)
        ordered = np.empty_like(pull)
        ordered[:, :, self._order] = pull * sigma
        added = 0.0
        for lag, correlation in enumerate(self._correlation, 1):
            one = np.einsum("anp,bnp->nab", ordered[:, :, lag:], ordered[:, :, :-lag], optimize=True)
            added = added + correlation * (one + np.swapaxes(one, 1, 2))
        return added


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
