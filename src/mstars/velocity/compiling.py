"""How the loops of template matching are compiled, and the structures that they are given.

numba's cache names the structures. After a rename or a move of one, the caches that lie beside the modules of its
functions (``__pycache__/*.nbi``) have to be deleted: numba fails to read them before it sees that they are old.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FAST = {"reassoc", "contract", "arcp", "nsz"}
"""For loops that may be vectorised; NaN and infinity keep their meaning.

A function so compiled that another one calls must be ``forceinline``. Else the last digits depend on whether the
caller was compiled just now or came from numba's cache. Powers are written as products in it: numba compiles one
function for ``**``, with the options of the loop that needs it first in a process, and so the last digits of all loops
would depend on the order in which they were compiled.
"""


class Observed(NamedTuple):
    """Fluxes as the compiled loops take them: one spectrum (float64 [p]) or a chunk of them (float32 [n, p]).

    Attributes
    ----------
    flux : ndarray
        Scaled flux on the compared pixels.
    weight : ndarray
        0 for pixels that do not count.
    coordinate : ndarray of float64, [p]
        -1 to 1 over the compared pixels: x of the polynomial P_4 of Eq. 2.
    """

    flux: np.ndarray
    weight: np.ndarray
    coordinate: np.ndarray


class Splines(NamedTuple):
    """Templates as the compiled loops take them.

    Attributes
    ----------
    coefficient : ndarray of float64, [j, q]
        Cubic B-spline coefficients.
    offset : float
        Template pixel of the first compared pixel at velocity 0.
    """

    coefficient: np.ndarray
    offset: float


def observed(flux: np.ndarray, weight: np.ndarray) -> Observed:
    """A chunk of spectra with the polynomial's coordinate beside it.

    Parameters
    ----------
    flux, weight : ndarray, [n, p]

    Returns
    -------
    Observed
    """
    return Observed(flux, weight, np.linspace(-1.0, 1.0, flux.shape[1]))
