"""Single pixels that lie far from a fit, as cosmic rays leave them."""

from __future__ import annotations

import numpy as np

MOST = 0.01
"""Share of a spectrum's pixels that may be outliers. With more, the spectrum is another one, and chi2 must say so."""
ROUNDS = 3
"""A high ray moves the fit, so that a lower one beside it shows in the next round."""


def outlying(pull: np.ndarray, limit: float, removed: np.ndarray | None = None) -> np.ndarray:
    """Outliers with the pixel on each side, into which resampling spreads them.

    Parameters
    ----------
    pull : ndarray, [n, pixel]
        Residual over its standard deviation, in the order of wavelength; 0 where there is no measurement.
    limit : float
        Pixels with a larger ``|pull|`` are outliers.
    removed : ndarray of int, [n], optional
        Pixels that earlier rounds took; they count for `MOST` too.

    Returns
    -------
    ndarray of bool, [n, pixel]
        False everywhere for a spectrum with too many of them.
    """
    far = np.abs(pull) > limit
    count = far.sum(axis=1) + (0 if removed is None else removed)
    far &= (count <= MOST * pull.shape[1])[:, None]
    near = far.copy()
    near[:, 1:] |= far[:, :-1]
    near[:, :-1] |= far[:, 1:]
    return near
