"""The RBF kernel of labels at low rank: exact to a tolerance, at the landmarks that a pivoted Cholesky chooses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

TOLERANCE = 1e-9
"""The largest squared error of a training star's feature vector (whose squared length is 1)."""


@dataclass(frozen=True)
class Features:
    """Features whose products are the kernel ``exp(-gamma |a - b|^2)``.

    Attributes
    ----------
    gamma : float
    landmarks : ndarray of float64, [r, k]
        Scaled labels, in the order in which they were chosen.
    factor : ndarray of float64, [r, r]
        Lower triangle: the Cholesky factor of the kernel among the landmarks.
    """

    gamma: float
    landmarks: np.ndarray
    factor: np.ndarray

    def __len__(self) -> int:
        return len(self.landmarks)

    def of(self, labels: np.ndarray) -> np.ndarray:
        """Features of scaled labels [n, k]: float64 [n, r]."""
        return self._solved(rbf(labels, self.landmarks, self.gamma))

    def with_slopes(self, labels: np.ndarray) -> np.ndarray:
        """Features and their derivatives by each label: float64 [1 + k, n, r]."""
        kernel = rbf(labels, self.landmarks, self.gamma)
        apart = labels[:, None, :] - self.landmarks[None]
        slopes = -2 * self.gamma * np.moveaxis(apart, 2, 0) * kernel
        return self._solved(np.concatenate([kernel[None], slopes]).reshape(-1, len(self))).reshape(
            1 + labels.shape[1], len(labels), len(self)
        )

    def _solved(self, kernel: np.ndarray) -> np.ndarray:
        return solve_triangular(self.factor, kernel.T, lower=True, check_finite=False).T


def rbf(a: np.ndarray, b: np.ndarray, gamma: float) -> np.ndarray:
    """``exp(-gamma |a - b|^2)`` of labels [n, k] and [m, k]: [n, m]."""
    squared = sum((a[:, None, column] - b[None, :, column]) ** 2 for column in range(a.shape[1]))
    return np.exp(-gamma * squared)


def landmark_features(labels: np.ndarray, gamma: float, most: int = 600, tolerance: float = TOLERANCE) -> Features:
    """Landmarks for a training set by Cholesky decomposition with pivots.

    Parameters
    ----------
    labels : ndarray of float64, [n, k]
        Scaled labels of the training stars.
    gamma : float
    most : int
        The most landmarks. Beyond them the kernel is that of the landmarks only (Nystrom).
    tolerance : float
        Largest squared error that is left.

    Returns
    -------
    Features
    """
    n = len(labels)
    left, chosen = np.ones(n), []
    columns = np.zeros((min(most, n), n))
    while len(chosen) < min(most, n):
        pivot = int(np.argmax(left))
        if left[pivot] <= tolerance:
            break
        count = len(chosen)
        column = rbf(labels[pivot : pivot + 1], labels, gamma)[0] - columns[:count, pivot] @ columns[:count]
        columns[count] = column / np.sqrt(left[pivot])
        left = np.maximum(left - columns[count] ** 2, 0)
        left[pivot] = 0
        chosen.append(pivot)
    factor = np.tril(columns[: len(chosen), chosen].T)
    return Features(float(gamma), labels[chosen].copy(), factor)
