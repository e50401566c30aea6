"""The batch container of spectra."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass
class SpectrumSet:
    """n spectra on one wavelength grid.

    Attributes
    ----------
    flux, ivar : ndarray of float32, [n, pixel]
        Flux and inverse variance, in the survey's own relative units.
    ormask : ndarray of uint8, [n, pixel]
        LAMOST's six-bit mask; non-zero: at least one exposure had a problem there.
    wavelength : ndarray of float64, [pixel]
        Vacuum angstrom, heliocentric.
    spectrum_key : ndarray of str, [n]
        ``{lmjd}-{planid}-sp{spid:02d}-{fiberid:03d}``.
    ivar_masks : bool
        Whether pixels without weight are left out in step 1 of section 3.2. The paper names the ormask alone.
    """

    flux: np.ndarray
    ivar: np.ndarray
    ormask: np.ndarray
    wavelength: np.ndarray
    spectrum_key: np.ndarray
    ivar_masks: bool = True

    def __post_init__(self):
        shape = (len(self.spectrum_key), len(self.wavelength))
        for name in ("flux", "ivar", "ormask"):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected {shape}")

    def __len__(self) -> int:
        return len(self.spectrum_key)

    @property
    def bad(self) -> np.ndarray:
        """Pixels to leave out: those of step 1, and those without information.

        Returns
        -------
        ndarray of bool, [n, pixel]
        """
        return self.bad_in(slice(None))

    def bad_in(self, pixels: slice) -> np.ndarray:
        """`bad` of some pixels.

        Parameters
        ----------
        pixels : slice

        Returns
        -------
        ndarray of bool, [n, p]
            Without ``ivar_masks`` pixels that have neither flux nor weight are still bad: the file has none there.
        """
        flux, no_weight = self.flux[:, pixels], ~(self.ivar[:, pixels] > 0)
        if not self.ivar_masks:
            no_weight &= flux == 0
        return (self.ormask[:, pixels] != 0) | no_weight | ~np.isfinite(flux)

    def select(self, index) -> SpectrumSet:
        """Some of the spectra.

        Parameters
        ----------
        index : ndarray of int, slice or ndarray of bool, [n]

        Returns
        -------
        SpectrumSet
            Views of the arrays for a slice, copies otherwise.
        """
        return SpectrumSet(
            self.flux[index],
            self.ivar[index],
            self.ormask[index],
            self.wavelength,
            self.spectrum_key[index],
            self.ivar_masks,
        )

    def having(self, keys: Container[str]) -> SpectrumSet:
        """Copies of the spectra whose spectrum_key is among ``keys``, in the set's order."""
        return self.select(np.array([key in keys for key in self.spectrum_key.tolist()], dtype=bool))


def concatenate(sets: Sequence[SpectrumSet]) -> SpectrumSet:
    """One set of several on the same grid.

    Parameters
    ----------
    sets : sequence of SpectrumSet
        At least one.

    Returns
    -------
    SpectrumSet

    Raises
    ------
    ValueError
        When the grids differ.
    """
    first = sets[0]
    if any(not np.array_equal(part.wavelength, first.wavelength) for part in sets):
        raise ValueError("spectra on different grids")
    return SpectrumSet(
        np.concatenate([part.flux for part in sets]),
        np.concatenate([part.ivar for part in sets]),
        np.concatenate([part.ormask for part in sets]),
        first.wavelength,
        np.concatenate([part.spectrum_key for part in sets]),
        first.ivar_masks,
    )
