"""Emission lines put into simulated spectra: active dwarfs, emission-line stars, young galaxies, nebulae."""

from __future__ import annotations

import numpy as np

from mstars.core.constants import C_KMS
from mstars.core.lines import VACUUM_LINES
from mstars.templates.library import LIBRARY_GRID


def add_activity(flux: np.ndarray, active: np.ndarray, rng: np.random.Generator, strong: bool = False) -> None:
    """Chromospheric Balmer and Ca II H, K emission, in place.

    Parameters
    ----------
    flux : ndarray, [n, pixel]
        On the library's grid.
    active : ndarray of bool, [n]
    rng : numpy.random.Generator
    strong : bool
        Equivalent widths of H alpha from 20 to 60 A, instead of 1 to 12 A.
    """
    chosen = np.flatnonzero(active)
    low, high = (20.0, 60.0) if strong else (1.0, 12.0)
    width = np.exp(rng.uniform(np.log(low), np.log(high), chosen.size))
    lines = {"H alpha": 1.0, "H beta": 1.1, "H gamma": 1.0, "H delta": 0.9, "Ca II K": 1.6, "Ca II H": 1.4}
    for name, relative in lines.items():
        centre = VACUUM_LINES[name]
        sigma = centre / 1800 / 2.355
        near = np.searchsorted(LIBRARY_GRID, centre)
        level = np.median(flux[chosen][:, near - 60 : near + 60], axis=1)
        profile = np.exp(-0.5 * ((LIBRARY_GRID - centre) / sigma) ** 2) / (sigma * 2.507)
        flux[chosen] += (width * relative * level)[:, None] * profile


def add_broad_emission(flux: np.ndarray, rng: np.random.Generator) -> None:
    """Strong, broad Balmer, He I and Ca II emission, in place: Be and Herbig stars, cataclysmic variables.

    Parameters
    ----------
    flux : ndarray, [n, pixel]
        On the library's grid.
    rng : numpy.random.Generator
    """
    n = len(flux)
    lines = {"H alpha": 1.0, "H beta": 0.55, "H gamma": 0.35, "H delta": 0.25, "He I 5877": 0.2, "He I 6680": 0.12}
    lines |= {"Ca II 8500": 0.25, "Ca II 8544": 0.25, "Ca II 8665": 0.25, "He II 4687": 0.1, "He I 7067": 0.1}
    strength, width = np.exp(rng.uniform(np.log(20), np.log(120), n)), rng.uniform(100, 700, n)
    for name, relative in lines.items():
        centre = VACUUM_LINES[name]
        sigma = centre * width / C_KMS
        area = strength * relative * rng.uniform(0.6, 1.4, n)
        profile = np.exp(-0.5 * ((LIBRARY_GRID - centre) / sigma[:, None]) ** 2)
        level = flux[:, np.searchsorted(LIBRARY_GRID, centre)]
        flux += profile * (level * area / (sigma * 2.507))[:, None]


def nebular(rng: np.random.Generator, flux: np.ndarray) -> np.ndarray:
    """Emission of gas in a young galaxy, from metal-rich and dusty to metal-poor.

    Parameters
    ----------
    rng : numpy.random.Generator
        H alpha's equivalent width, and the other lines relative to it.
    flux : ndarray, [pixel]
        The galaxy's, on the library's grid.

    Returns
    -------
    ndarray, [pixel]
    """
    strength = np.exp(rng.normal(np.log(12.0), 0.8))
    nitrogen, sulphur = rng.uniform(0.1, 0.6), rng.uniform(0.1, 0.35)
    oxygen = np.exp(rng.uniform(np.log(0.04), np.log(1.2)))
    beta = rng.uniform(0.05, 0.4)  # the young stars' absorption and dust take from it
    lines = {
        "H alpha": 1.0,
        "H beta": beta,
        "H gamma": 0.4 * beta,
        "[O III] 5008": oxygen,
        "[O III] 4960": oxygen / 3,
        "[O II]": rng.uniform(0.3, 1.0),
        "[N II] 6585": nitrogen,
        "[N II] 6550": nitrogen / 3,
        "[S II] 6718": sulphur,
        "[S II] 6733": 0.72 * sulphur,
    }
    speed = np.hypot(np.exp(rng.uniform(np.log(25.0), np.log(160.0))), 60.0)  # of the gas, and the instrument's
    result = np.zeros_like(flux)
    for name, relative in lines.items():
        centre = VACUUM_LINES[name]
        sigma = centre * speed / C_KMS
        level = flux[min(np.searchsorted(LIBRARY_GRID, centre), flux.size - 1)]
        result += level * strength * relative * np.exp(-0.5 * ((LIBRARY_GRID - centre) / sigma) ** 2) / (sigma * 2.507)
    return result


def add_emission_lines(flux, wavelength, centres, widths, rng, speed_kms=60.0) -> None:
    """Narrow nebular-like emission, in place.

    Parameters
    ----------
    flux : ndarray, [n, pixel]
    wavelength : ndarray, [pixel]
        Vacuum angstrom.
    centres, widths : sequence of float, [line]
        Rest wavelengths and equivalent widths, angstrom.
    rng : numpy.random.Generator
    speed_kms : float
        Width of the lines, km/s.
    """
    for centre, width in zip(centres, widths, strict=True):
        sigma = centre * speed_kms / C_KMS
        level = np.median(flux, axis=1) * rng.uniform(0.7, 1.3, len(flux))
        profile = np.exp(-0.5 * ((wavelength - centre) / sigma) ** 2) / (sigma * 2.507)
        flux += (width * level)[:, None] * profile
