"""From one scale of labels to another: a map fitted on common stars, with its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mstars.core.labels import LABELS
from mstars.core.robust import mad_std

MIDDLE = {"teff": 3600.0, "m_h": -0.1}
"""Labels that the difference of two scales may depend on, and where it is the offset: K, dex."""

UNIT = {"teff": 1000.0, "m_h": 1.0}
"""A slope is per so many K or dex."""

LEAST = 30
"""Common stars that a map needs."""

_CLIP = 3.5
_SHARES = (0.02, 0.98)
"""Between these lies the weight of our value: neither side is without error."""
_ROUNDS = 8


@dataclass(frozen=True)
class LabelMap:
    """The difference of two scales in one label: ``theirs - ours = offset + sum of slope * (label - middle) / unit``.

    Attributes
    ----------
    coefficients : ndarray, [1 + k]
        The offset, then the slopes.
    covariance : ndarray, [1 + k, 1 + k]
        Of the coefficients.
    axes : tuple of str, [k]
        Labels of the slopes: of `MIDDLE`.
    scatter : float
        Robust, of the differences about the map.
    n : int
        Stars it rests on.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    axes: tuple[str, ...]
    scatter: float
    n: int


@dataclass(frozen=True)
class ScaleMap:
    """Maps of several labels, and the share of our value in the label that a slope refers to.

    Attributes
    ----------
    maps : mapping of str to LabelMap
    own_share : mapping of str to float
        For each label of `MIDDLE`: a slope refers to ``own_share * ours + (1 - own_share) * theirs``.
    """

    maps: Mapping[str, LabelMap] = field(default_factory=dict)
    own_share: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict:
        """JSON types."""
        maps = {
            label: {
                "coefficients": one.coefficients.tolist(),
                "covariance": one.covariance.tolist(),
                "axes": list(one.axes),
                "scatter": one.scatter,
                "n": one.n,
            }
            for label, one in self.maps.items()
        }
        return {"maps": maps, "own_share": dict(self.own_share)}

    @classmethod
    def from_dict(cls, found: Mapping) -> ScaleMap:
        """What `as_dict` gave."""
        maps = {
            label: LabelMap(
                np.array(one["coefficients"], dtype=float),
                np.array(one["covariance"], dtype=float),
                tuple(one["axes"]),
                one["scatter"],
                one["n"],
            )
            for label, one in found["maps"].items()
        }
        return cls(maps, found["own_share"])


def fit_scale(
    ours: Mapping[str, np.ndarray],
    theirs: Mapping[str, np.ndarray],
    errors: Mapping[str, np.ndarray] | None = None,
    *,
    predict: bool = False,
) -> ScaleMap:
    """Fit the map of each label that both have of `LEAST` stars.

    The slopes refer to the mean of both values, weighted by their variances: its error is not correlated with that of
    the difference, so that neither's noise makes a slope of its own. The variance of theirs is what ours leave of the
    differences' scatter.

    Parameters
    ----------
    ours, theirs : mapping of ndarray, [n]
        By label; NaN where there is none.
    errors : mapping of ndarray, [n], optional
        Of ours, by label. Without, both sides count as equally good.
    predict : bool
        Whether slopes refer to our values alone: the map is then the best guess of theirs. It keeps how far ours are
        drawn to the mean, which the map between scales undoes at the price of more noise.

    Returns
    -------
    ScaleMap
        Without the labels that have too few common stars.
    """
    off = {
        label: np.asarray(theirs[label], dtype=float) - ours[label]
        for label in LABELS
        if label in ours and label in theirs
    }
    own_share = {
        axis: 1.0 if predict else _own_share(off[axis], (errors or {}).get(axis))
        for axis in MIDDLE
        if axis in off and np.isfinite(off[axis]).sum() >= LEAST
    }
    middle = {axis: _between(ours, theirs, axis, share) for axis, share in own_share.items()}
    maps = {label: found for label in off if (found := _fit_label(off[label], middle)) is not None}
    return ScaleMap(maps, own_share)


def _own_share(off: np.ndarray, errors: np.ndarray | None) -> float:
    """Weight of our value in the mean: the share of theirs in the variance of the differences."""
    if errors is None:
        return 0.5
    own = np.nanmedian(np.where(np.isfinite(off), errors, np.nan))
    return float(np.clip(1 - (own / max(mad_std(off), 1e-12)) ** 2, *_SHARES))


def _between(ours, theirs, axis: str, share: float) -> np.ndarray:
    mean = share * np.asarray(ours[axis], dtype=float) + (1 - share) * np.asarray(theirs[axis], dtype=float)
    return (mean - MIDDLE[axis]) / UNIT[axis]


def _fit_label(off: np.ndarray, middle: Mapping[str, np.ndarray]) -> LabelMap | None:
    """Least squares with outliers left out, round by round."""
    known = np.isfinite(off)
    axes = tuple(axis for axis, values in middle.items() if (known & np.isfinite(values)).sum() >= LEAST)
    known &= np.logical_and.reduce([np.isfinite(middle[axis]) for axis in axes]) if axes else known
    if known.sum() < LEAST:
        return None
    x = np.column_stack([np.ones(known.sum()), *(middle[axis][known] for axis in axes)])
    y, kept = off[known], np.ones(known.sum(), bool)
    for _ in range(_ROUNDS):
        found, *_ = np.linalg.lstsq(x[kept], y[kept], rcond=None)
        rest = y - x @ found
        sigma = max(mad_std(rest[kept], 0.0), 1e-12)
        now = np.abs(rest) <= _CLIP * sigma
        if (now == kept).all() or now.sum() < LEAST:
            break
        kept = now
    covariance = np.linalg.pinv(x[kept].T @ x[kept]) * rest[kept].var()
    return LabelMap(found, covariance, axes, float(sigma), int(kept.sum()))


def to_scale(
    scale: ScaleMap, values: Mapping[str, np.ndarray], errors: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Values and errors on the other scale.

    Parameters
    ----------
    scale : ScaleMap
    values, errors : mapping of ndarray, [n]
        Ours, by label.

    Returns
    -------
    values, errors : dict of ndarray, [n]
        Of the labels that have a map. The error is ours, stretched as the map stretches, and the map's own.
    """
    n = len(next(iter(values.values())))
    axes = [axis for axis in MIDDLE if axis in scale.own_share and axis in scale.maps and axis in values]
    place = _solved(scale, values, axes, n)
    found, found_errors = {}, {}
    for label, one in scale.maps.items():
        if label not in values:
            continue
        # where a slope's label is missing the map is that of its middle
        x = np.column_stack([np.ones(n), *(np.nan_to_num(place.get(axis, np.zeros(n))) for axis in one.axes)])
        found[label] = np.asarray(values[label], dtype=float) + x @ one.coefficients
        own = one.coefficients[1 + one.axes.index(label)] / UNIT[label] if label in one.axes else 0.0
        share = scale.own_share.get(label, 0.5)
        stretch = (1 + own * share) / (1 - own * (1 - share))
        variance = np.einsum("ni,ij,nj->n", x, one.covariance, x)
        found_errors[label] = np.sqrt((stretch * np.asarray(errors[label], dtype=float)) ** 2 + variance)
    return found, found_errors


def _solved(scale: ScaleMap, values, axes: list[str], n: int) -> dict[str, np.ndarray]:
    """The label that each slope refers to, in its units: it holds the mapped value itself, so equations are solved."""
    if not axes:
        return {}
    k = len(axes)
    matrix, right = np.eye(k), np.empty((k, n))
    for row, axis in enumerate(axes):
        one, rest = scale.maps[axis], 1 - scale.own_share[axis]
        # z = (ours + rest * difference - middle) / unit, and the difference is offset + slopes * z
        right[row] = (np.asarray(values[axis], dtype=float) + rest * one.coefficients[0] - MIDDLE[axis]) / UNIT[axis]
        for number, other in enumerate(one.axes):
            if other in axes:
                matrix[row, axes.index(other)] -= rest * one.coefficients[1 + number] / UNIT[axis]
    return dict(zip(axes, np.linalg.solve(matrix, right), strict=True))
