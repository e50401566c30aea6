"""Normalised spectra (Li et al. 2025, section 3.2, step 5)."""

from __future__ import annotations

import numpy as np


def zscore(flux: np.ndarray) -> np.ndarray:
    """Step 5 of section 3.2: (x - mean) / standard deviation of each row.

    Parameters
    ----------
    flux : ndarray, [n, pixel]

    Returns
    -------
    ndarray of float32, [n, pixel]
        Zeros for a constant row.
    """
    from mstars.spectra.loops import zscore_rows

    flux = np.ascontiguousarray(flux)
    out = np.empty(flux.shape, np.float32)
    zscore_rows(flux, out)
    return out


def zscore_ivar(flux: np.ndarray, ivar: np.ndarray) -> np.ndarray:
    """Inverse variance of `zscore`'s result: ivar times the squared standard deviation of the row's flux.

    Parameters
    ----------
    flux, ivar : ndarray, [n, pixel]
        Before the normalisation.

    Returns
    -------
    ndarray of float32, [n, pixel]
    """
    return (ivar * np.square(np.std(flux, axis=1, dtype=float, keepdims=True))).astype(np.float32)
