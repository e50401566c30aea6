"""LAMOST's ormask: the bits, and which share of the pixels of a band has one."""

from __future__ import annotations

import numpy as np

from mstars.core.bands import photometric_bands
from mstars.core.flags import FlagBits
from mstars.spectra.container import SpectrumSet


class OrMask(FlagBits):
    """Bits of LAMOST's ormask: problems that a pixel had in at least one of the exposures of a spectrum."""

    BADCCD = 1, "bad pixel of the CCD"
    BADPROFILE = 2, "bad profile at the extraction"
    NOSKY = 4, "no sky information at this wavelength"
    BRIGHTSKY = 8, "the sky is too bright"
    BADCENTER = 16, "the fibre's trace lies outside the CCD"
    NODATA = 32, "no good data"


def mask_fraction(spectra: SpectrumSet) -> dict[str, np.ndarray]:
    """Fraction of pixels with a non-zero ormask in each band (Table 9's ``orp_u/g/r/i/z``), 0-1.

    Parameters
    ----------
    spectra : SpectrumSet
        n spectra.

    Returns
    -------
    dict of ndarray, [n]
        Keys ``orp_u`` to ``orp_z``. Pixels beyond the end of a spectrum count as unmasked.
    """
    wavelength, result = spectra.wavelength, {}
    for band, (lower, upper) in photometric_bands().items():
        inside = slice(np.searchsorted(wavelength, lower), np.searchsorted(wavelength, upper, side="right"))
        masked = np.count_nonzero(spectra.ormask[:, inside], axis=1)
        result[f"orp_{band}"] = masked / max(1, inside.stop - inside.start)
    return result
