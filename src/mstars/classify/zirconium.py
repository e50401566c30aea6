"""S stars: heads of zirconium oxide bands, which neither LAMOST's classes nor CNN-SPT's know.

Each head makes a step: the flux falls from its blue to its red side. The steps of an M star, where titanium oxide
does as it likes, have a mean and a covariance; the heads' relative strengths, weighted with the inverse of that
covariance and of the noise, are the linear combination that tells zirconium best from what M stars do.
"""

from __future__ import annotations

import numpy as np

from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import air_to_vacuum

HEADS = (
    *((5551.0, 0.5), (5718.0, 0.5), (5849.0, 0.4), (6345.0, 0.6), (6378.0, 0.6), (6474.0, 1.0), (6508.0, 0.6)),
    *((6933.0, 0.4), (7403.0, 0.5), (7910.0, 0.5)),
)
"""Air wavelength, angstrom, and rough strength of ZrO heads; the last two are LaO (Keenan & Boeshaar 1980)."""
BLUE_SIDE, RED_SIDE = (-14.0, -3.0), (4.0, 22.0)
"""Where the flux of a step is measured, angstrom from the head."""
_UNKNOWN = 1e6
LEAST_STARS = 50


def head_steps(spectra: SpectrumSet) -> tuple[np.ndarray, np.ndarray]:
    """Fall of the flux at each head, in units of the mean of its two sides.

    A head without good pixels on a side, or with flux that is not positive, has a step of 0 and a huge variance.

    Parameters
    ----------
    spectra : SpectrumSet
        n spectra.

    Returns
    -------
    steps, variance : ndarray of float64, [n, head]
    """
    good = ~spectra.bad
    flux = np.where(good, spectra.flux, 0.0).astype(float)
    variance = np.where(good, 1.0 / np.where(good, spectra.ivar, 1.0), 0.0)
    steps, errors = [], []
    for head, _ in HEADS:
        centre = float(air_to_vacuum(head))
        sides = []
        for lower, upper in (BLUE_SIDE, RED_SIDE):
            inside = (spectra.wavelength >= centre + lower) & (spectra.wavelength <= centre + upper)
            count = np.maximum(good[:, inside].sum(axis=1), 1)
            known = good[:, inside].sum(axis=1) >= 0.5 * inside.sum()
            sides.append((flux[:, inside].sum(axis=1) / count, variance[:, inside].sum(axis=1) / count**2, known))
        (blue, blue_variance, blue_known), (red, red_variance, red_known) = sides
        level = 0.5 * (blue + red)
        usable = blue_known & red_known & (level > 0)
        level = np.where(usable, level, 1.0)
        steps.append(np.where(usable, (blue - red) / level, 0.0))
        errors.append(np.where(usable, (blue_variance + red_variance) / level**2, _UNKNOWN))
    return np.array(steps).T, np.array(errors).T


def fit_steps(steps: np.ndarray, variance: np.ndarray, clip: float = 5.0, rounds: int = 5):
    """Mean and covariance of the steps of M stars, without noisy ones and those that stand out.

    Parameters
    ----------
    steps, variance : ndarray, [n, head]
        Of `head_steps`.
    clip : float
        Stars whose pattern is more significant take no part in the next round.
    rounds : int

    Returns
    -------
    (mean, covariance) or None
        [head] and [head, head]; None with fewer than `LEAST_STARS` stars.
    """
    total = variance.sum(axis=1)
    usable = (variance < _UNKNOWN).all(axis=1)
    if np.count_nonzero(usable) < 2 * LEAST_STARS:
        return None
    better = usable & (total <= np.median(total[usable]))
    steps, variance = steps[better], variance[better]
    kept = np.ones(len(steps), bool)
    for _ in range(rounds):
        mean = np.median(steps[kept], axis=0)
        covariance = np.cov((steps[kept] - mean).T) - np.diag(np.median(variance[kept], axis=0))
        covariance = _positive(covariance)
        kept = np.abs(_significance(mean, covariance, steps, variance)) < clip
    return mean, covariance


def _positive(covariance: np.ndarray, least: float = 1e-4) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.maximum(values, least)) @ vectors.T


def zro_score(mean: np.ndarray, covariance: np.ndarray, steps: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Significance of the zirconium pattern, with the spread of M stars and the spectrum's own noise.

    Where it is significant, it is the least that is left when any one head is taken out: a cosmic ray makes one step.

    Parameters
    ----------
    mean, covariance : ndarray, [head], [head, head]
        Of `fit_steps`.
    steps, variance : ndarray, [n, head]
        Of `head_steps`.

    Returns
    -------
    ndarray of float64, [n]
    """
    score = _significance(mean, covariance, steps, variance)
    high = np.flatnonzero(score > 3.0)
    for number in range(len(HEADS)):
        without = variance[high].copy()
        without[:, number] = _UNKNOWN
        score[high] = np.minimum(score[high], _significance(mean, covariance, steps[high], without))
    return score


def _significance(mean: np.ndarray, covariance: np.ndarray, steps: np.ndarray, variance: np.ndarray) -> np.ndarray:
    strength = np.array([relative for _, relative in HEADS])
    total = covariance + variance[:, :, None] * np.eye(len(HEADS))
    weight = np.linalg.solve(total, np.broadcast_to(strength, steps.shape)[:, :, None])[:, :, 0]
    return ((steps - mean) * weight).sum(axis=1) / np.sqrt((weight * strength).sum(axis=1))
