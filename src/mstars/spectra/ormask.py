"""LAMOST's ormask: which pixels had a problem, by band."""

from __future__ import annotations

import numpy as np

from mstars.core.bands import photometric_bands
from mstars.spectra.container import SpectrumSet


def mask_fraction(spectra: SpectrumSet) -> dict[str, np.ndarray]:
    """Fraction of pixels with a non-zero ormask in each band (Table 9's ``orp_u/g/r/i/z``), 0-1.

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
