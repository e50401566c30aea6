"""Support vector regression with an RBF kernel for all pixels at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mstars.engines.slam.kernel import Features


@dataclass(frozen=True)
class Options:
    """Hyper-parameters of scikit-learn's SVR: penalty C, half width epsilon of the tube, kernel exp(-gamma d^2)."""

    C: float
    epsilon: float
    gamma: float


RELAX = 1.6
PENALTY = 10.0
"""Penalty of the constraint, in units of C."""
CHUNK = 192
"""Pixels that are solved side by side: their arrays stay in the processor's cache."""


class Solver:
    """Fits of many targets on the same features (Drucker et al. 1997, by ADMM: Boyd et al. 2011, section 3).

    Minimises ``|w|^2 / 2 + sum_i C_i max(0, |y_i - w.x_i - b| - epsilon)`` for each target. The step of w is one
    product with a matrix that all targets share, whatever samples they leave out.

    Parameters
    ----------
    features : Features
    labels : ndarray of float64, [n, k]
        Scaled labels of the training stars.
    """

    def __init__(self, features: Features, labels: np.ndarray):
        self.features = features
        phi = features.of(labels)
        self._mean = phi.mean(axis=0)
        centred = phi - self._mean
        value, self._vectors = np.linalg.eigh(centred.T @ centred)
        self._value = np.maximum(value, 0)
        self._rotated = np.column_stack([centred @ self._vectors, np.ones(len(labels))])
        self._single = self._rotated.astype(np.float32)

    def fit(
        self,
        target: np.ndarray,
        weight: np.ndarray,
        options: Options,
        *,
        iterations: int = 400,
        tolerance: float = 2e-4,
        state: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Weights and offsets.

        Parameters
        ----------
        target : ndarray of float32, [n, p]
            Scaled fluxes.
        weight : ndarray of bool or float32, [n, p]
            What C is multiplied with; 0 for samples that do not count.
        options : Options
            Its gamma is that of the features.
        iterations : int
            The most.
        tolerance : float
            Largest change of a fitted value within ten iterations with which a chunk of pixels is done.
        state : ndarray of float32, [n, p], optional
            Where to begin, and, on return, where it ended: a fit of other samples that begins there ends sooner.

        Returns
        -------
        weights : ndarray of float64, [r, p]
            For `Features.of`.
        offset : ndarray of float64, [p]
            A fit is ``features.of(labels) @ weights + offset``.
        """
        n, p = target.shape
        weights, offset = np.empty((len(self.features), p)), np.empty(p)
        state = np.zeros((n, p), np.float32) if state is None else state
        for first in range(0, p, CHUNK):
            part = slice(first, min(first + CHUNK, p))
            one = np.ascontiguousarray(state[:, part])
            weights[:, part], offset[part] = self._fit_chunk(
                np.ascontiguousarray(target[:, part], dtype=np.float32),
                np.ascontiguousarray(weight[:, part]),
                *(one, options, iterations, tolerance),
            )
            state[:, part] = one
        return weights, offset

    def ridge(self, target, used, penalty: float, rounds: int) -> tuple[np.ndarray, np.ndarray]:
        """Weights and offsets of least squares with a penalty: see `fit_krr`."""
        gain = np.append(1 / (self._value + penalty), 1 / len(target))[:, None]
        filled = _first_guess(target, used).astype(float)
        filled[used] = target[used]
        for _ in range(rounds):
            rotated = gain * (self._rotated.T @ filled)
            filled[~used] = (self._rotated @ rotated)[~used]
        weights = self._vectors @ rotated[:-1]
        return weights, rotated[-1] - self._mean @ weights

    def _fit_chunk(self, target, weight, state, options, iterations, tolerance):
        from mstars.engines.slam.svr_loops import residual_step

        rho = PENALTY * options.C
        # the last feature is the offset: a constant, which nothing penalises
        gain = np.append(1 / (self._value + 1 / rho), 1 / len(target))
        gain_single, x = gain.astype(np.float32)[:, None], self._single
        limit = weight * np.float32(options.C / rho)
        previous, rotated = None, np.empty((x.shape[1], target.shape[1]), np.float32)
        fitted = fitted_to(target, state, limit, np.float32(options.epsilon))
        np.matmul(x.T, fitted, out=rotated)
        rotated *= gain_single
        np.matmul(x, rotated, out=fitted)
        for count in range(1, iterations + 1):
            residual_step(target, fitted, limit, state, options.epsilon, RELAX)
            np.matmul(x.T, fitted, out=rotated)
            rotated *= gain_single
            if count % 20 == 0:
                if previous is not None and np.abs(rotated - previous).max() < tolerance:
                    break
                previous = rotated.copy()
            if count < iterations:
                np.matmul(x, rotated, out=fitted)
        # the last step in double precision: what is stored has its digits
        rotated = gain[:, None] * (self._rotated.T @ fitted.astype(float))
        rotated[:, ~weight.any(axis=0)] = 0
        weights = self._vectors @ rotated[:-1]
        return weights, rotated[-1] - self._mean @ weights


def fitted_to(target, state, limit, tube):
    """What the regression is fitted to in a state of `mstars.engines.slam.svr_loops.residual_step`."""
    dual = np.clip(state - tube, 0, limit) + np.clip(state + tube, -limit, 0)
    return target - state + 2 * dual


def _first_guess(target, used):
    count = np.maximum(used.sum(axis=0), 1)
    return np.broadcast_to((target * used).sum(axis=0) / count, target.shape).astype(np.float32)


def fit_krr(solver: Solver, target: np.ndarray, used: np.ndarray, options: Options, rounds: int = 12):
    """Kernel ridge regression with the penalty 1 / (2 C): another model, with squared residuals instead of the tube.

    Samples that do not count take the values of the last fit, which leads to the fit without them.

    Parameters
    ----------
    solver : Solver
    target, used, options
        As for `Solver.fit`.
    rounds : int
        Fits.

    Returns
    -------
    weights, offset
        As of `Solver.fit`.
    """
    return solver.ridge(target, used, 1 / (2 * options.C), rounds)
