"""Spectra as Cycle-StarNet sees them (section 2.4): rest frame, equal steps, normalised, masked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mstars.core.constants import C_KMS
from mstars.engines.contract import EngineInput
from mstars.engines.csn.lengths import check_length
from mstars.spectra.container import SpectrumSet
from mstars.spectra.grids import Grid
from mstars.spectra.normalisation import gaussian_continuum, gaussian_normalised
from mstars.spectra.resampling import resample


def grid_of(settings: Mapping) -> Grid:
    """The grid of ``engines.csn.grid``.

    Raises
    ------
    InputError
        The network can't take ``pad_to`` pixels, or they are fewer than the grid has.
    """
    section = settings["grid"]
    grid = Grid.linear(section["first"], section["last"], section["step"])
    check_length(section["pad_to"], len(grid))
    return grid


def unmasked(wavelength: np.ndarray, masks) -> np.ndarray:
    """Whether a wavelength lies in none of the masks, whose ends are inside; bool of the wavelengths' shape."""
    outside = np.ones(np.shape(wavelength), bool)
    for lower, upper in masks:
        outside &= (wavelength < lower) | (wavelength > upper)
    return outside


def observed_inputs(spectra: SpectrumSet, rv: np.ndarray, settings: Mapping) -> EngineInput:
    """Normalised flux and inverse variance of observed spectra.

    Masked pixels have flux 1 and inverse variance 0, as have all of a spectrum of constants.
    """
    grid = grid_of(settings)
    flux, ivar, filled = resample(spectra, grid, rv)
    wavelength = grid.wavelength
    if settings["mask_frame"] == "observed":
        wavelength = wavelength * (1 + np.nan_to_num(np.asarray(rv, dtype=float))[:, None] / C_KMS)
    used = np.broadcast_to(unmasked(wavelength, settings["masks"]), flux.shape)
    return EngineInput(*_normalised(flux, ivar, used, settings), filled)


def steps_of(spectra: SpectrumSet, rv: np.ndarray, settings: Mapping) -> pd.DataFrame:
    """One spectrum on its way: wavelength, flux, error, continuum, normalised and normalised_error (Fig. 5).

    Errors are NaN where the flux is no measurement.
    """
    grid, section = grid_of(settings), settings["normalisation"]
    flux, ivar, _ = resample(spectra, grid, rv)
    used = unmasked(grid.wavelength, settings["masks"])
    weight = (ivar > 0) & (used | (section["pixels"] == "all"))
    continuum = gaussian_continuum(flux, weight, section["sigma"] / settings["grid"]["step"])[0]
    error = np.where(ivar[0] > 0, 1 / np.sqrt(np.where(ivar[0] > 0, ivar[0], 1)), np.nan)
    table = pd.DataFrame({"wavelength": grid.wavelength, "flux": flux[0], "error": error, "continuum": continuum})
    return table.assign(normalised=flux[0] / continuum, normalised_error=error / continuum)


def theory_inputs(flux: np.ndarray, settings: Mapping) -> np.ndarray:
    """Normalised flux [n, pixel] of theoretical spectra on the grid, by the same steps; float32."""
    used = np.broadcast_to(unmasked(grid_of(settings).wavelength, settings["masks"]), flux.shape)
    return _normalised(flux, np.ones_like(flux), used, settings)[0]


def _normalised(flux, ivar, used, settings: Mapping) -> tuple[np.ndarray, np.ndarray]:
    section = settings["normalisation"]
    weight = (ivar > 0) & (used | (section["pixels"] == "all"))
    flux, ivar = gaussian_normalised(flux, ivar, weight, section["sigma"] / settings["grid"]["step"])
    counts = used & (np.ptp(np.where(used, flux, 1), axis=1, keepdims=True) > 1e-6)
    return np.where(counts, flux, np.float32(1)), np.where(counts, ivar, np.float32(0))
