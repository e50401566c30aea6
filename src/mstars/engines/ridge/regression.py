"""Ridge regression on principal components of spectra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PENALTIES = 10.0 ** np.arange(-3, 6)
"""Tried for each number of components, in units of a hundredth of their mean squared singular value."""


@dataclass
class Ridge:
    """A fitted regression of k labels.

    Attributes
    ----------
    centre : ndarray of float32, [pixel]
        Mean training spectrum.
    vectors : ndarray of float32, [pixel, component]
        Principal components.
    weights : list of ndarray
        For each label, weights of its first components, in units of ``scale``.
    mean, scale : ndarray, [k]
        Of the training labels.
    tried : list of dict
        The choice for each label: components, penalty, and score (generalised cross-validation, in units of scale**2).
    """

    centre: np.ndarray
    vectors: np.ndarray
    weights: list[np.ndarray]
    mean: np.ndarray
    scale: np.ndarray
    tried: list[dict]

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Principal components of spectra: float32 [n, component]."""
        return (np.asarray(x, dtype=np.float32) - self.centre) @ self.vectors

    def predict(self, scores: np.ndarray) -> np.ndarray:
        """Labels of spectra with these components: [n, k]."""
        columns = [scores[:, : len(weight)] @ weight for weight in self.weights]
        return np.column_stack(columns) * self.scale + self.mean

    def slopes(self) -> np.ndarray:
        """How much each label changes with the flux of each pixel: [pixel, k]."""
        columns = [self.vectors[:, : len(weight)] @ weight for weight in self.weights]
        return np.column_stack(columns) * self.scale


def fit_ridge(x: np.ndarray, y: np.ndarray, components: Sequence[int] = (20, 50, 100, 200)) -> Ridge:
    """Fit the regression; number of components and penalty by generalised cross-validation, for each label.

    Parameters
    ----------
    x, y : ndarray, [n, pixel] and [n, k]
        Training spectra and labels.
    components : sequence of int
        Numbers of components tried.
    """
    x = np.asarray(x, dtype=np.float32)
    mean, scale, centre = y.mean(axis=0), np.maximum(y.std(axis=0), 1e-12), x.mean(axis=0)
    target = (y - mean) / scale
    value, vector = _principal(x - centre, max(components))
    scores, weights, tried = (x - centre) @ vector, [], []
    for label in range(y.shape[1]):
        best = {"score": np.inf}
        for count in {min(k, len(value)) for k in components}:
            rotated = scores[:, :count].T.astype(float) @ target[:, label]
            for penalty in PENALTIES * value[:count].mean() / 1e2:
                weight = rotated / (value[:count] + penalty)
                residual = target[:, label] - scores[:, :count] @ weight
                freedom = len(x) - 1 - np.sum(value[:count] / (value[:count] + penalty))
                score = np.mean(residual**2) / max(freedom / len(x), 1e-3) ** 2
                if score < best["score"]:
                    best = {"components": count, "penalty": penalty, "score": score}
                    chosen = weight
        weights.append(chosen)
        tried.append(best)
    return Ridge(centre, vector, weights, mean, scale, tried)


def _principal(x: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Squared singular values and right vectors, by the smaller Gram matrix."""
    n, p = x.shape
    count = min(count, n - 1, p)
    value, vector = np.linalg.eigh((x @ x.T if n <= p else x.T @ x).astype(float))
    value, vector = value[::-1][:count], vector[:, ::-1][:, :count]
    keep = value > 1e-9 * value[0]
    value, vector = value[keep], vector[:, keep]
    if n <= p:
        vector = x.T @ (vector / np.sqrt(value)).astype(x.dtype)
    return value, vector.astype(np.float32)
