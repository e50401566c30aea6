"""Fitted labels lie nearer to the middle than true ones: how much, by the cross-validation, and the way back.

A model of finitely many noisy spectra has errors in its derivatives. They add to the curvature of chi2 and not to the
pull of a spectrum that the model has not seen. So a fit takes too short a step from the middle of the labels to the
star's (as with errors in both variables: Fuller 1987, Measurement Error Models, section 1.1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares

LEAST_STARS = 100
MOST = 0.4
"""Spectra below which nothing is corrected, and the largest slope that is."""
FARTHEST = 2.5
"""Of the logarithm of an error from the middle one."""


@dataclass(frozen=True)
class Shrinkage:
    """Fitted labels are true + offset + slope @ (true - centre), on average, and more so of bright stars.

    Attributes
    ----------
    centre, offset : ndarray of float64, [k]
        K and dex.
    slope : ndarray of float64, [k, k]
        Of each fitted label (row) with each true one.
    trend, middle : ndarray of float64, [k]
        Change of a label's own slope with the logarithm of its formal error, and that logarithm where ``slope`` is
        meant. Fits of noisy spectra rest on strong features, whose derivatives are well known.
    spectra : float
        That the models were trained on.
    """

    centre: np.ndarray
    offset: np.ndarray
    slope: np.ndarray
    trend: np.ndarray
    middle: np.ndarray
    spectra: float

    @classmethod
    def none(cls, k: int) -> Shrinkage:
        """Of labels that are as they should be."""
        nothing = np.zeros(k)
        return cls(nothing, nothing, np.zeros((k, k)), nothing, nothing, 0.0)

    def of(self, spectra: int) -> Shrinkage:
        """That of a model of so many spectra: the variance of derivatives goes with one over their number."""
        share = min(self.spectra / max(spectra, 1), 1.0)
        changed = {name: share * getattr(self, name) for name in ("offset", "slope", "trend")}
        return replace(self, **changed, spectra=float(spectra))

    def corrected(self, labels: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Labels without it, and their errors, which grow.

        Parameters
        ----------
        labels, error : ndarray of float64, [n, k]
            Fitted labels and their formal errors.

        Returns
        -------
        labels, error : ndarray of float64, [n, k]
        """
        own = np.arange(len(self.centre))
        matrix = np.repeat((np.eye(len(own)) + self.slope)[None], len(labels), axis=0)
        matrix[:, own, own] = np.clip(matrix[:, own, own] + self.trend * _beside(error, self.middle), 1 - MOST, 1)
        back = np.linalg.inv(matrix)
        with np.errstate(invalid="ignore"):
            parts = np.where(back == 0, 0, np.square(error)[:, None, :] * np.square(back))  # an error may be infinite
        found = self.centre + np.einsum("nij,nj->ni", back, labels - self.centre - self.offset)
        return found, np.sqrt(parts.sum(axis=2))

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """What a folder keeps of it."""
        return {name: np.atleast_1d(np.asarray(getattr(self, name), dtype=float)) for name in _FIELDS}

    @classmethod
    def from_arrays(cls, arrays) -> Shrinkage:
        """The inverse of `arrays`."""
        *parts, spectra = (np.asarray(arrays[name], dtype=float) for name in _FIELDS)
        return cls(*parts, float(spectra[0]))


_FIELDS = ("centre", "offset", "slope", "trend", "middle", "spectra")


def _beside(error, middle):
    """Logarithm of errors less the middle one; 0 where there is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.log(error) - middle
    return np.clip(np.nan_to_num(found, nan=0.0, posinf=FARTHEST, neginf=-FARTHEST), -FARTHEST, FARTHEST)


def find_shrinkage(
    fitted: np.ndarray,
    true: np.ndarray,
    error: np.ndarray,
    floor: np.ndarray,
    label_errors: np.ndarray,
    spectra: float,
) -> Shrinkage:
    """The shrinkage of labels that models have fitted to stars that they have not seen.

    Parameters
    ----------
    fitted, true, error : ndarray, [n, k]
        Fitted labels, those of the training set, and formal errors.
    floor : ndarray, [k]
        Scatter beyond the formal errors.
    label_errors : ndarray, [k]
        Errors that the labels of the training set may have. They look like shrinkage too, by their variance over that
        of the labels, which is taken out.
    spectra : float
        That each model was trained on.

    Returns
    -------
    Shrinkage
        `Shrinkage.none` of fewer than `LEAST_STARS` spectra.
    """
    k = true.shape[1]
    good = np.isfinite(fitted).all(axis=1) & np.isfinite(error).all(axis=1) & (error > 0).all(axis=1)
    if good.sum() < LEAST_STARS:
        return Shrinkage.none(k)
    fitted, true, error = fitted[good], true[good], error[good]
    centre, spread = np.median(true, axis=0), true.std(axis=0)
    middle, scaled = np.log(error).mean(axis=0), (true - centre) / spread
    offset, slope, trend = np.zeros(k), np.zeros((k, k)), np.zeros(k)
    for label in range(k):
        beside = scaled[:, label] * _beside(error[:, label], middle[label])
        design = np.column_stack([np.ones(len(true)), scaled, beside])
        found = _robust_line(design, fitted[:, label] - true[:, label], np.hypot(error[:, label], floor[label]))
        offset[label], slope[label], trend[label] = found[0], found[1:-1] / spread, found[-1] / spread[label]
        slope[label, label] = min(slope[label, label] + (label_errors[label] / spread[label]) ** 2, 0.0)
    # per spread of each label, which has no unit
    relative = np.clip(slope * spread / spread[:, None], -MOST, MOST)
    return Shrinkage(centre, offset, relative * spread[:, None] / spread, trend, middle, float(spectra))


def _robust_line(design, off, error):
    """Coefficients of residuals with errors; outliers count little."""
    design, off = design / error[:, None], off / error
    start = np.linalg.lstsq(design, off, rcond=None)[0]
    scale = max(1.4826 * float(np.median(np.abs(off - design @ start))), 1e-9)
    return least_squares(lambda x: off - design @ x, start, loss="soft_l1", f_scale=scale).x
