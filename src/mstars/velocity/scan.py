"""The coarse scan: chi2 of every spectrum with every template at every coarse velocity, as matrix products."""

from __future__ import annotations

import numpy as np

from mstars.velocity import chi2 as kernels
from mstars.velocity.bank import TemplateBank

METHODS = ("exhaustive", "pruned")
_BLOCK = 32


def coarse_chi2(
    flux: np.ndarray, bad: np.ndarray, bank: TemplateBank, wavelength: np.ndarray, *, method: str = "exhaustive"
) -> np.ndarray:
    """Unweighted chi2 (N times Eq. 2) over all templates and coarse velocities, polynomials solved exactly.

    Parameters
    ----------
    flux : ndarray of float32, [n, p]
        Scaled fluxes on the compared pixels; 0 where bad.
    bad : ndarray of bool, [n, p]
    bank : TemplateBank
    wavelength : ndarray
        The observed grid (all of it, not the compared pixels).
    method : {'exhaustive', 'pruned'}

    Returns
    -------
    ndarray of float32, [n, j, v]
    """
    basis = bank.basis(wavelength)
    return _exhaustive(flux, bad, basis, _blocks(bank, basis)).reshape(len(flux), len(bank), len(bank.velocity))


def _blocks(bank: TemplateBank, basis: np.ndarray) -> np.ndarray:
    if bank._basis.get("blocks") is None:
        bank._basis["blocks"] = kernels.block_overlaps(basis, _BLOCK)
    return bank._basis["blocks"]


def _exhaustive(flux, bad, basis, blocks) -> np.ndarray:
    n_pixel, _, columns = basis.shape
    product = (flux @ basis.reshape(n_pixel, -1)).reshape(len(flux), -1, columns)
    power = (flux.astype(np.float64) ** 2).sum(axis=1).astype(np.float32)
    result = np.empty((len(flux), columns), np.float32)
    kernels.scan_chunk(power, product, basis, blocks, _BLOCK, bad, result)
    return result
