"""Rest frames of templates: each template's velocity against its like, and the offsets that make them agree."""

from __future__ import annotations

import numpy as np

from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength
from mstars.velocity.compiling import observed
from mstars.velocity.match.bank import TemplateBank
from mstars.velocity.match.minimum import approach_chunk
from mstars.velocity.match.prepare import prepare
from mstars.velocity.match.scan import best_templates, coarse_chi2

LIKE = 0.05
"""Templates that fit each other to this share of the flux have to agree."""


def pair_velocities(bank: TemplateBank, neighbours: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Velocity of each template measured with the templates most like it.

    Parameters
    ----------
    bank : TemplateBank
        j templates.
    neighbours : int

    Returns
    -------
    other : ndarray of int, [j, neighbours]
        The templates that fit best (never itself); -1 where there are fewer.
    velocity : ndarray, [j, neighbours]
        km/s; 0 for perfect rest frames.
    mismatch : ndarray, [j, neighbours]
        Residual of the fit, a share of the mean flux.
    """
    wavelength = lamost_wavelength()
    pixels = bank.pixels(wavelength)
    flux = np.ones((len(bank), len(wavelength)), np.float32)
    flux[:, pixels] = bank.flux(np.zeros(1), wavelength, pixels)[:, 0]
    spectra = SpectrumSet(flux, np.ones_like(flux), np.zeros(flux.shape, np.uint8), wavelength, bank.name)
    values, bad, _ = prepare(spectra, pixels)
    chi2 = coarse_chi2(values, bad, bank, wavelength)
    every = np.arange(len(bank))
    chi2[every, every] = 1e30  # not itself
    near = np.abs(bank.velocity) <= 180.0  # rest frames are known that well
    other, start, _ = best_templates(chi2[:, :, near], bank.velocity[near], min(neighbours, len(bank) - 1))
    refined = np.empty((*other.shape, 3))
    weightless = observed(values, np.ones_like(values))
    approach_chunk(weightless, bank.splines(wavelength, pixels), other, start, 30.0, 300.0, refined)
    return other, refined[..., 0], np.sqrt(np.maximum(refined[..., 1], 0) / values.shape[1])


def rest_offsets(bank: TemplateBank, prior_kms: float = 25.0, floor_kms: float = 2.0) -> np.ndarray:
    """Offset of each template's rest frame from that of all, by robust least squares over pairs of like templates.

    Parameters
    ----------
    bank : TemplateBank
    prior_kms : float
        How well rest frames are known beforehand; keeps templates that are like no other where they are.
    floor_kms : float
        Least uncertainty of a pair's velocity; grows with the pair's mismatch (100 km/s times its share of the flux).

    Returns
    -------
    ndarray, [j]
        km/s; the template moves with this velocity. The median of those that are no subdwarfs is 0: the zero point
        of all stays as it was.
    """
    return rest_frames(bank, None, prior_kms, floor_kms)[0]


def rest_frames(
    bank: TemplateBank, within_kms: float | None, prior_kms: float = 25.0, floor_kms: float = 2.0
) -> tuple[np.ndarray, np.ndarray]:
    """`rest_offsets`, and which templates can be made to agree with those most like them.

    A template whose spectrum is stretched or noisy fits one neighbour at one velocity and the next at another; no
    offset makes it agree, and it gives velocities of its own. The worst of them leaves, the others are solved for
    again, until each agrees with the template most like it, where the two fit to `LIKE` of the flux.

    Parameters
    ----------
    bank : TemplateBank
    within_kms : float or None
        How well they have to agree; None: all are kept.
    prior_kms, floor_kms : float
        As for `rest_offsets`.

    Returns
    -------
    offset : ndarray, [j]
        km/s.
    kept : ndarray of bool, [j]
    """
    kept = np.ones(len(bank), bool)
    if len(bank) < 3:
        return np.zeros(len(bank)), kept
    other, velocity, mismatch = pair_velocities(bank, neighbours=3 if within_kms is None else 12)
    known = (other >= 0) & np.isfinite(velocity) & (np.abs(velocity) < 150.0)
    while True:
        pairs = _nearest(other, known, kept)
        offsets = _offsets(other, velocity, mismatch, pairs, prior_kms, floor_kms)
        if within_kms is None:
            break
        off = np.abs(velocity - (offsets[:, None] - offsets[other]))
        best = pairs & (np.cumsum(pairs, axis=1) == 1) & (mismatch < LIKE) & (off > within_kms)
        if not best.any():
            break
        row, slot = np.unravel_index(np.argmax(np.where(best, off, 0.0)), off.shape)
        both = np.array([row, other[row, slot]])
        # of the two, the one that agrees less with all its like
        total = [np.median(off[pairs & ((np.arange(len(bank))[:, None] == k) | (other == k))]) for k in both]
        kept[both[np.argmax(total)]] = False
    normal = kept & (bank.luminosity != "subdwarf")
    return offsets - np.median(offsets[normal] if normal.any() else offsets[kept]), kept


def _nearest(other: np.ndarray, known: np.ndarray, kept: np.ndarray, count: int = 3) -> np.ndarray:
    """The pairs used: of each template that is kept the ``count`` most like it that are, bool like ``other``."""
    use = known & kept[:, None] & kept[other]
    return use & (np.cumsum(use, axis=1) <= count)


def _offsets(other, velocity, mismatch, pairs, prior_kms: float, floor_kms: float) -> np.ndarray:
    """Robust least squares over the pairs, [j]."""
    count = len(other)
    first, slot = np.nonzero(pairs)
    second, value = other[first, slot], velocity[first, slot]
    sigma = np.hypot(floor_kms, 100.0 * mismatch[first, slot])
    offsets = np.zeros(count)
    for _ in range(30):
        residual = value - (offsets[first] - offsets[second])
        weight = 1.0 / (sigma * np.maximum(sigma, np.abs(residual)))  # Huber at one sigma
        normal = np.diag(np.full(count, prior_kms**-2))
        right = np.zeros(count)
        np.add.at(normal, (first, first), weight)
        np.add.at(normal, (second, second), weight)
        np.add.at(normal, (first, second), -weight)
        np.add.at(normal, (second, first), -weight)
        np.add.at(right, first, weight * value)
        np.add.at(right, second, -weight * value)
        offsets = np.linalg.solve(normal, right)
    return offsets
