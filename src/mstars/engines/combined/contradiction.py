"""When engines contradict each other: what each says of a star with these labels, and how far they usually differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mstars.core.robust import mad_std

TERMS = 6
_LEAST_A_TERM = 20
_ENDS = (0.01, 0.99)
_ROUNDS, _HUBER = 20, 2.0
_TOP, _LEAST = 0.05, 30


@dataclass(frozen=True)
class Frame:
    """Teff and [M/H] in units of their spread among labelled stars, held at the ends of these.

    Attributes
    ----------
    middle, width, low, high : ndarray, [2]
        K and dex; the limits are in units of the width.
    """

    middle: np.ndarray
    width: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray) -> Frame:
        """That of labelled stars, [n, 2]; a label that is not there counts as constant."""
        known = np.where(np.isfinite(labels).any(axis=0), labels, 0.0)
        middle = np.nanmedian(known, axis=0)
        width = np.array([max(mad_std(column[np.isfinite(column)]), 1e-9) for column in known.T])
        low, high = np.nanquantile((known - middle) / width, _ENDS, axis=0)
        return cls(middle, width, low, high)

    def terms(self, labels: np.ndarray) -> np.ndarray:
        """1, t, m, t², t m and m² of n stars, [n, 6]; an unknown label counts as the middle."""
        t, m = np.clip(np.nan_to_num((labels - self.middle) / self.width), self.low, self.high).T
        return np.stack([np.ones_like(t), t, m, t * t, t * m, m * m], axis=1)


def fit_response(residual: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """How far engines lie from the labels, as a function of the labels.

    A network trained on few stars of a kind draws them to the middle: it is too cool at the hot end and too metal-rich
    at the poor one. Another engine that does not is then several errors off it, with neither of them failing.

    Parameters
    ----------
    residual : ndarray, [n, k]
        Engine minus label; NaN where there is none.
    terms : ndarray, [n, 6]
        Of `Frame.terms` at the labels.

    Returns
    -------
    ndarray, [k, 6]
        Coefficients by regression with Huber's weights (1964); 0 with fewer than 20 stars a term.
    """
    found = np.zeros((residual.shape[1], TERMS))
    for column, own in enumerate(residual.T):
        good = np.isfinite(own)
        if good.sum() < _LEAST_A_TERM * TERMS:
            continue
        a, y, weight = terms[good], own[good], np.ones(good.sum())
        for _ in range(_ROUNDS):
            root = np.sqrt(weight)
            fit = np.linalg.lstsq(a * root[:, None], y * root, rcond=None)[0]
            off = np.abs(y - a @ fit)
            weight = np.minimum(1, _HUBER * max(mad_std(y - a @ fit), 1e-12) / np.maximum(off, 1e-12))
        found[column] = fit
    return found


def chi2_limits(
    found: Mapping[str, tuple[np.ndarray, np.ndarray]], most: Mapping[str, int], share: float
) -> dict[str, np.ndarray]:
    """chi2 that labelled stars exceed with a probability, by label and degrees of freedom.

    The chi2 distribution is stretched to the labelled stars' median, label by label. Its tail is their own, as engines
    fail on single stars more often than normal errors would. It is exponential in -ln p from the upper 5 % on. Its
    slope is the mean excess of all labels together, which one label has too few stars for.

    Parameters
    ----------
    found : mapping of str to (ndarray, ndarray), [n] each
        chi2 and degrees of freedom by label: of labelled stars by models that have not seen them.
    most : mapping of str to int
        Engines of each label.
    share : float
        Of spectra that may exceed a limit in any label. Each label gets an equal part.

    Returns
    -------
    dict of ndarray, [engines + 1]
        By degrees of freedom, the first and last not used: infinite.
    """
    from scipy.stats import chi2 as distribution

    stretch, scores = {}, []
    for label, (chi2, freedom) in found.items():
        for degrees in range(1, most[label]):
            own = chi2[(freedom == degrees) & np.isfinite(chi2)]
            usual = np.median(own) / distribution.ppf(0.5, degrees) if len(own) >= _LEAST else 1.0
            stretch[label, degrees] = max(float(usual), 1e-6)
            scores.append(-distribution.logsf(own / stretch[label, degrees], degrees))
    tested = len({label for label, _ in stretch})
    score = _score(np.concatenate(scores) if scores else np.empty(0), share / max(tested, 1))
    limits = {label: np.full(most[label] + 1, np.inf) for label in found}
    for (label, degrees), one in stretch.items():
        limits[label][degrees] = one * distribution.isf(np.exp(-score), degrees)
    return limits


def _score(scores: np.ndarray, share: float) -> float:
    """-ln p of the stretched distribution that is exceeded with this probability."""
    if len(scores) < _LEAST / _TOP or share >= _TOP:
        return float(np.quantile(scores, 1 - share)) if len(scores) >= _LEAST / _TOP else -np.log(share)
    start = np.quantile(scores, 1 - _TOP)
    slope = max(float(np.mean(scores[scores > start] - start)), 1.0)
    return float(start + slope * np.log(_TOP / share))
