"""How far the labels themselves are off, by what each engine says and by what their residuals have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mstars.core.robust import MAD_STD_ERROR
from mstars.engines.combined.covariance import Covariance
from mstars.parameters.calibration import LABELS_PART_ERROR

_ALIKE = 1e-6


def label_error(calibrations: Sequence[Mapping | None], covariance: Covariance) -> float:
    """What the labels are off by: the mean of what engines say, and no more than two engines' residuals share.

    An engine gives the labels a part of its constant variance (`mstars.parameters.calibration.calibrate`). Any part is
    as likely, so that guess is uncertain in proportion to itself: engines with small errors of their own know it best.
    How well the variance is known adds to that, and the mean has the inverse variances as weights.

    Parameters
    ----------
    calibrations : sequence of mapping, [k]
        Of the label, of each engine that has learnt these labels; None for another. An engine that took nothing out
        says nothing, and one that was held at another's value nothing of its own.
    covariance : Covariance
        Of the k engines' residuals about the labels.

    Returns
    -------
    float
        K or dex; 0 where no engine says anything.
    """
    learnt = [column for column, one in enumerate(calibrations) if one is not None]
    said = ((calibrations[column]["label_error"] ** 2, calibrations[column]["rows"], column) for column in learnt)
    said = sorted(one for one in said if one[0] > 0)
    if not said:
        return 0.0
    guess, rows, columns = (np.array(part) for part in zip(*said, strict=True))
    own = np.append(True, np.diff(guess) > _ALIKE * guess[1:])
    seen = 2 * MAD_STD_ERROR * np.diag(covariance.constant)[columns] / np.sqrt(rows)
    weight = own / ((LABELS_PART_ERROR * guess) ** 2 + seen**2)
    return min(float(np.sqrt(np.sum(weight * guess) / np.sum(weight))), shared_error(covariance, learnt))


def shared_error(covariance: Covariance, among: Sequence[int] | None = None) -> float:
    """The most that the labels are off by: what any two engines' residuals have in common at high S/N.

    The labels' errors are in the residuals of all engines alike, so the covariance of two engines is their variance and
    what both engines do wrong in the same way (as in the method of three cornered hats, Gray & Allan 1974). Engines
    that have learnt from the same labels and spectra err in like ways. One that has not may err the other way, so that
    its covariance with them is smaller than the labels' variance.

    Parameters
    ----------
    covariance : Covariance
        Of residuals about the labels.
    among : sequence of int, optional
        Engines that have learnt the labels; by default all.

    Returns
    -------
    float
        Root of the smallest covariance that does not depend on S/N, K or dex; infinite with one engine.
    """
    matrix = covariance.constant if among is None else covariance.constant[np.ix_(among, among)]
    pairs = matrix[np.triu_indices(len(matrix), 1)]
    return float(np.sqrt(max(pairs.min(), 0.0))) if len(pairs) else np.inf
