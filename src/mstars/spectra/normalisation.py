"""Normalised spectra (Li et al. 2025, section 3.2, step 5)."""

from __future__ import annotations

import numpy as np


def zscore(flux: np.ndarray) -> np.ndarray:
    """Step 5: (x - mean) / standard deviation of each row, float32; a constant row becomes zeros."""
    from mstars.spectra.loops import zscore_rows

    flux = np.ascontiguousarray(flux)
    out = np.empty(flux.shape, np.float32)
    zscore_rows(flux, out)
    return out


def zscore_ivar(flux: np.ndarray, ivar: np.ndarray) -> np.ndarray:
    """Inverse variance of `zscore`'s result: ivar times the squared standard deviation of the row's flux, float32.

    Parameters
    ----------
    flux, ivar : ndarray, [n, pixel]
        Before the normalisation.
    """
    return (ivar * np.square(np.std(flux, axis=1, dtype=float, keepdims=True))).astype(np.float32)
