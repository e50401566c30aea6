"""What the networks see of a spectrum (Li et al. 2025, section 3.2)."""

from __future__ import annotations

import numpy as np

from mstars.spectra.container import SpectrumSet
from mstars.spectra.normalisation import zscore
from mstars.spectra.resampling import resample_linear
from mstars.spectra.wavelengths import CLASSIFIER_GRID


def classifier_input(spectra: SpectrumSet, rv=None) -> np.ndarray:
    """What the networks see: steps 1, 3, 4a and 5 of section 3.2, and with velocities also step 2 (CNN-TLMA).

    Parameters
    ----------
    spectra : SpectrumSet
        n spectra.
    rv : ndarray, [n], optional
        km/s; NaN leaves a spectrum where it is.

    Returns
    -------
    ndarray of float32, [n, 5000]
    """
    return zscore(resample_linear(spectra, CLASSIFIER_GRID, rv)[0])
