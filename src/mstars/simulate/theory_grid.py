"""A theory grid for the simulated survey: its own dwarfs, computed wrongly in known ways, as real grids are."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from mstars.core.constants import C_KMS
from mstars.core.labels import LABELS
from mstars.simulate.log_flux import anchored
from mstars.simulate.m_dwarfs import DwarfSpectra
from mstars.simulate.spectrum_maker import SpectrumMaker
from mstars.templates.library import LIBRARY_GRID
from mstars.templates.theory import LAMOST_RESOLUTION, THEORY_WAVELENGTH, TheoryGrid, check_theory

GRID_LABELS = {
    "teff": np.arange(2600.0, 4600.1, 100.0),
    "logg": np.array([4.5, 5.0, 5.5]),
    "m_h": np.array([-1.5, -1.0, -0.5, 0.0, 0.5]),
    "alpha_m": np.array([-0.2, 0.0, 0.2, 0.4]),
}
"""Every combination is computed: Teff in K, the others in dex."""

TIO_BANDS = ((6148.0, 6700.0), (7040.0, 7560.0), (7570.0, 8130.0), (8200.0, 8480.0), (8430.0, 8850.0), (8850.0, 9150.0))
CAH_BAND = (6740.0, 7040.0)
"""Vacuum angstrom: where the simulated dwarfs' opacity is of TiO and of CaH."""

ALKALI_LINES = (7667.0, 7701.1, 8185.5, 8197.1)
"""K I and Na I, vacuum angstrom."""


@dataclass(frozen=True)
class TheoryGap:
    """How the computed spectra differ from the stars.

    Attributes
    ----------
    tio, cah : float
        Depth of the bands, as a share of the stars' (in the logarithm of the flux).
    opacity : float
        Amplitude of a smooth curve in the logarithm of the flux; one period is ``opacity_period`` angstrom.
    opacity_period : float
    alkali_wings : float
        Depth of the K I and Na I lines 6 to 40 A off their centres, as a share of the stars'.
    offset_kms : float
        Velocity of the spectra.
    """

    tio: float = 0.85
    cah: float = 0.6
    opacity: float = 0.08
    opacity_period: float = 900.0
    alkali_wings: float = 0.5
    offset_kms: float = 3.0


PLANTED = TheoryGap()
NO_GAP = TheoryGap(1.0, 1.0, 0.0, 900.0, 1.0, 0.0)
SED_GAP = TheoryGap(0.95, 0.9, 0.04, 2500.0, 0.9, 0.0)
"""Of the computed shapes: bands a little shallow, the opacity off by a slow curve."""

SED_LABELS = {
    "dM": (np.arange(2700.0, 4351.0, 150.0), np.array([4.4, 4.9, 5.4]), np.array([-1.5, -0.75, 0.0, 0.5])),
    "gM": (np.arange(3100.0, 4151.0, 150.0), np.array([0.0, 1.0, 2.0, 3.0]), np.array([-2.0, -1.0, 0.0, 0.4])),
}
"""Teff in K, log g, [M/H]: every combination is computed."""


def theory_grid(dwarfs: DwarfSpectra, gap: TheoryGap = PLANTED) -> TheoryGrid:
    """The planted grid of dwarfs, without noise.

    Parameters
    ----------
    dwarfs : DwarfSpectra
        Of the simulated survey.
    gap : TheoryGap
        `NO_GAP`: exactly the survey's own spectra.

    Returns
    -------
    TheoryGrid
        `GRID_LABELS`, on `THEORY_WAVELENGTH`; ``about`` has the gap.
    """
    labels = pd.DataFrame(list(itertools.product(*(GRID_LABELS[label] for label in LABELS))), columns=list(LABELS))
    log = anchored(dwarfs.log_flux(*(labels[label].to_numpy() for label in LABELS)))
    with_gap = wrong(log, gap)
    inside = np.isin(LIBRARY_GRID, THEORY_WAVELENGTH)
    flux = np.exp(with_gap[:, inside]).astype(np.float32)
    about = _about("planted", "the simulated survey's own dwarfs, with a planted gap", gap)
    return check_theory(TheoryGrid(THEORY_WAVELENGTH, flux, labels, about))


def sed_grid(maker: SpectrumMaker, kind: str, seed: np.random.Generator, gap: TheoryGap = SED_GAP) -> TheoryGrid:
    """Coarse grid of the optical range, for broad shapes: dwarfs or giants, without noise.

    Parameters
    ----------
    maker : SpectrumMaker
        Of the simulated survey.
    kind : {"dM", "gM"}
    seed : numpy.random.Generator
        Which features giants have.
    gap : TheoryGap

    Returns
    -------
    TheoryGrid
        `SED_LABELS`, from 3850 to 9000 A, at a solar [alpha/M].
    """
    labels = pd.DataFrame(itertools.product(*SED_LABELS[kind]), columns=["teff", "logg", "m_h"]).assign(alpha_m=0.0)
    columns = [labels[label].to_numpy() for label in LABELS]
    log = maker.dwarfs.log_flux(*columns) if kind == "dM" else maker.giants.log_flux(*columns, seed)
    inside = (LIBRARY_GRID > 3850) & (LIBRARY_GRID < 9000)
    flux = np.exp(wrong(anchored(log), gap)[:, inside]).astype(np.float32)
    about = _about(f"planted SEDs, {kind}", "the simulated survey's own stars, with a planted gap", gap)
    return check_theory(TheoryGrid(LIBRARY_GRID[inside], flux, labels, about))


def _about(title: str, source: str, gap: TheoryGap) -> dict:
    """What a planted grid tells of itself."""
    return {
        "title": title,
        "source": source,
        "licence": "",
        "resolution": LAMOST_RESOLUTION,
        "air_converted": False,
        "simulated": True,
        "gap": asdict(gap),
    }


def wrong(log: np.ndarray, gap: TheoryGap) -> np.ndarray:
    """Spectra with the gap.

    Parameters
    ----------
    log : ndarray, [n, pixel]
        Natural logarithm of the flux, on the library's grid.
    gap : TheoryGap

    Returns
    -------
    ndarray, [n, pixel]
    """
    if gap == NO_GAP:
        return log
    depth = envelope(log, 300) - log
    change = (1 - gap.tio) * _inside(TIO_BANDS, 15.0) + (1 - gap.cah) * _inside((CAH_BAND,), 15.0)
    result = log + depth * change
    lines = envelope(log, 25) - log
    result += (1 - gap.alkali_wings) * lines * _wings()
    result += gap.opacity * np.sin(2 * np.pi * (LIBRARY_GRID - LIBRARY_GRID[0]) / gap.opacity_period)
    if gap.offset_kms:
        moved = LIBRARY_GRID / (1 + gap.offset_kms / C_KMS)
        result = np.stack([np.interp(moved, LIBRARY_GRID, row) for row in result])
    return result


def envelope(log: np.ndarray, width: int) -> np.ndarray:
    """A smooth curve over the highest points within ``width`` pixels, [n, pixel]; nowhere below the spectrum."""
    smooth = gaussian_filter1d(maximum_filter1d(log, width, axis=1), width / 3, axis=1)
    return np.maximum(smooth, log)


def _inside(bands, edge: float) -> np.ndarray:
    """1 inside the bands and 0 outside, with edges of some angstrom, [pixel]."""
    shares = [
        1 / (1 + np.exp(-(LIBRARY_GRID - lower) / edge)) / (1 + np.exp((LIBRARY_GRID - upper) / edge))
        for lower, upper in bands
    ]
    return np.clip(np.sum(shares, axis=0), 0, 1)


def _wings() -> np.ndarray:
    off = np.min([np.abs(LIBRARY_GRID - line) for line in ALKALI_LINES], axis=0)
    return np.clip((off - 6) / 4, 0, 1) * np.clip((40 - off) / 8, 0, 1)
