"""Which pixels and spectra of files are usable. Whole arrays at a time: a job that compiled nothing starts sooner."""

from __future__ import annotations

import numpy as np

USABLE, NO_FLUX, CONSTANT, NEGATIVE, MASKED, FEW = range(6)
"""What `clear_unusable` finds of a spectrum's flux."""

LEAST_GOOD = 300
"""A spectrum with fewer good pixels can't be measured."""

_TOGETHER = 64

_FLAT = 100  # in real files up to 34 pixels in a row have one flux


def clear_unusable(flux: np.ndarray, ivar: np.ndarray, ormask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Zero pixels that are not finite, have a negative ivar, or have one flux over a long stretch, in place.

    Parameters
    ----------
    flux, ivar, ormask : ndarray, [n, pixel]

    Returns
    -------
    n_good : ndarray of int64, [n]
        Good pixels of each row (as `SpectrumSet.bad` says).
    found : ndarray of int64, [n]
        `USABLE`; `NO_FLUX`: no flux but 0; `MASKED`: no good pixel; `CONSTANT`: most pixels with an ivar have the flux
        of their neighbours; `NEGATIVE`: most of the good ones have no positive flux; `FEW`: fewer good ones than
        `LEAST_GOOD`.
    """
    n_good, found = np.zeros(len(flux), np.int64), np.full(len(flux), USABLE)
    for start in range(0, len(flux), _TOGETHER):
        rows = slice(start, start + _TOGETHER)
        n_good[rows], found[rows] = _clear_rows(flux[rows], ivar[rows], ormask[rows])
    return n_good, found


def _clear_rows(flux: np.ndarray, ivar: np.ndarray, ormask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`clear_unusable` of a few rows, which stay in the processor's caches."""
    with np.errstate(invalid="ignore"):  # a damaged file may hold any bits
        fine = np.isfinite(flux) & np.isfinite(ivar) & (ivar >= 0)
    if not fine.all():
        flux[~fine] = 0.0
        ivar[~fine] = 0.0
    has_flux, known, unmasked = flux.any(axis=1), ivar > 0, ormask == 0
    n_known = np.count_nonzero(known, axis=1)
    lowest = np.where(known, flux, np.inf).min(axis=1).astype(float)
    highest = np.where(known, flux, -np.inf).max(axis=1).astype(float)
    constant = highest - lowest <= 1e-5 * np.abs(highest)
    n_flat = np.zeros(len(flux), np.int64)
    for row in np.flatnonzero(has_flux & ~constant & _may_be_flat(flux, known)):
        n_flat[row] = _clear_flat(flux[row], ivar[row])
    good = (ivar > 0) & unmasked
    n_good, positive = np.count_nonzero(good, axis=1), np.count_nonzero(good & (flux > 0), axis=1)
    reasons = {
        NO_FLUX: ~has_flux,
        MASKED: ~(known & unmasked).any(axis=1),
        CONSTANT: constant | (2 * n_flat > n_known) & (n_good < LEAST_GOOD),
        NEGATIVE: 2 * positive <= n_good,
        FEW: n_good < LEAST_GOOD,
    }
    return n_good, np.select(list(reasons.values()), list(reasons), USABLE)


def _may_be_flat(flux: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Rows in which enough known pixels have the flux of the one before: bool [n]."""
    same = (flux[:, 1:] == flux[:, :-1]) & known[:, 1:] & known[:, :-1]
    return np.count_nonzero(same, axis=1) >= _FLAT


def _clear_flat(flux: np.ndarray, ivar: np.ndarray) -> int:
    """Zero stretches of more than `_FLAT` known pixels of one flux, in place; how many pixels they have."""
    same = (flux[1:] == flux[:-1]) & (ivar[1:] > 0) & (ivar[:-1] > 0)
    ends = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    cleared = 0
    for start, last in zip(ends[::2], ends[1::2], strict=True):
        if last + 1 - start > _FLAT:
            flux[start : last + 1] = 0.0
            ivar[start : last + 1] = 0.0
            cleared += last + 1 - start
    return cleared
