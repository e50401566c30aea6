"""What is no star of the templates: galaxies, quasars and white dwarfs, and spectra that no one can name."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mstars.core.lines import quasar_lines
from mstars.simulate.emission import nebular
from mstars.simulate.log_flux import TemplateSet
from mstars.templates.library import LIBRARY_GRID


def quasar(wavelength: np.ndarray, redshift: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Log flux of quasars: a power law, the emission lines of the SDSS composite, the forest, reddening.

    Parameters
    ----------
    wavelength : ndarray, [pixel]
        Observed, vacuum angstrom.
    redshift : ndarray, [n]
    rng : numpy.random.Generator
        Slopes, line strengths and widths vary from quasar to quasar.

    Returns
    -------
    ndarray, [n, pixel]
    """
    lines = quasar_lines()
    result = np.empty((len(redshift), wavelength.size))
    for row, z in enumerate(redshift):
        rest = wavelength / (1 + z)
        slope = rng.normal(-1.56, 0.35)
        flux = np.where(rest < 5000, (rest / 3000) ** slope, (5000 / 3000) ** slope * (rest / 5000) ** (slope + 1.1))
        scale = np.exp(rng.normal(0, 0.3))
        broad = np.exp(rng.normal(0, 0.25))
        for line in lines.itertuples():
            sigma = line.width * (broad if line.width > 8 else 1.0)
            level = np.interp(line.wavelength, rest, flux, left=np.nan, right=np.nan)
            if not np.isfinite(level):
                continue
            area = line.equivalent_width * scale * np.exp(rng.normal(0, 0.3)) * level
            flux = flux + area / (sigma * 2.507) * np.exp(-0.5 * ((rest - line.wavelength) / sigma) ** 2)
        forest = rest < 1215.0
        if forest.any():
            depth = np.clip(0.002 * (1 + z) ** 3.5 * 0.35, 0, 0.85)
            flux[forest] *= np.clip(1 - depth * rng.gamma(1.0, 1.0, forest.sum()), 0.05, 1)
            flux[rest < 912.0] *= 0.1
        flux = flux * np.exp(-0.25 * rng.exponential(0.5) * ((rest / 4000) ** -1.2 - 1))
        result[row] = np.log(np.maximum(flux, 1e-4 * np.median(flux)))
    return result


_BALMER = 3647.05 / (1 - 4.0 / np.arange(3, 11) ** 2)
"""H alpha to H 10, vacuum angstrom."""


def white_dwarf(wavelength: np.ndarray, teff: np.ndarray, logg: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Log flux of white dwarfs: a black body with wide Balmer lines (DA), He I lines (DB), or none (DC).

    The depths and widths follow the run of Balmer equivalent widths of DA stars with Teff, largest near 12,500 K
    (Tremblay & Bergeron 2009, ApJ 696, 1755). No model atmosphere is computed.

    Parameters
    ----------
    wavelength : ndarray, [pixel]
        Vacuum angstrom.
    teff, logg : ndarray, [n]
        K and dex.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, [n, pixel]
    """
    teff, logg = np.asarray(teff, float), np.asarray(logg, float)
    x = 1.4387769e8 / wavelength[None] / teff[:, None]
    log = -5 * np.log(wavelength[None] / 5500) - np.log(np.expm1(np.clip(x, 1e-3, 80)))
    kind = rng.choice(3, len(teff), p=[0.82, 0.08, 0.10])
    peak = np.exp(-0.5 * (np.log(teff / 12500) / 0.55) ** 2) * rng.uniform(0.85, 1.1, len(teff))
    for number, centre in enumerate(_BALMER):
        depth = (0.62 - 0.05 * number) * peak * (kind == 0)
        width = (38 - 2.5 * number) * (0.6 + 0.4 * peak) * 10 ** (0.18 * (logg - 8.0))
        profile = 1 / (1 + (np.abs(wavelength[None] - centre) / width[:, None]) ** 1.7)
        log = log + np.log1p(-np.clip(depth[:, None] * profile, 0, 0.9))
    for centre in (4027.3, 4472.7, 4714.5, 4923.3, 5017.1, 5877.2, 6680.0, 7067.1):
        depth = 0.3 * (kind == 1) * np.clip((teff - 9000) / 8000, 0.1, 1)
        profile = 1 / (1 + ((wavelength[None] - centre) / 22.0) ** 2)
        log = log + np.log1p(-depth[:, None] * profile)
    return log


def galaxies(templates: TemplateSet, redshift: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Log flux of galaxies at their redshift: mixed populations, emission lines where young.

    Parameters
    ----------
    templates : TemplateSet
        With galaxies, whose subclass says their age.
    redshift : ndarray, [n]
    rng : numpy.random.Generator
        Share of the young population, dust, speeds of the stars, emission lines.

    Returns
    -------
    ndarray, [n, pixel]
    """
    rows, table = templates.rows(spectral_class="GALAXY"), templates.table
    old = np.array([row for row in rows if float(table["subclass"][row].split()[1]) >= 1.0])
    young = np.array([row for row in rows if float(table["subclass"][row].split()[1]) < 1.0])
    result = np.empty((len(redshift), LIBRARY_GRID.size))
    for number, z in enumerate(redshift):
        forming = rng.random() < 0.5
        share = rng.uniform(0.1, 0.8) if forming else rng.uniform(0, 0.03)
        flux = (1 - share) * np.exp(templates.log[rng.choice(old)]) + share * np.exp(templates.log[rng.choice(young)])
        flux *= np.exp(-rng.exponential(0.3) * ((LIBRARY_GRID / 5500) ** -1.0 - 1))
        flux = gaussian_filter1d(flux, rng.uniform(70.0, 280.0) / 69.0)  # stars move; a pixel is 69 km/s
        if forming:
            flux = flux + nebular(rng, flux)
        moved = np.interp(LIBRARY_GRID / (1 + z), LIBRARY_GRID, flux)
        result[number] = np.log(np.maximum(moved, 1e-3))
    return result


def shapeless(n: int, rng: np.random.Generator) -> np.ndarray:
    """Log flux of what no one can name: a smooth continuum with bumps of the reduction.

    Parameters
    ----------
    n : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, [n, pixel]
    """
    x = (LIBRARY_GRID - 6400.0) / 2900.0
    log = np.zeros((n, x.size))
    for order in range(1, 7):
        log += rng.normal(0, 0.5 / order, n)[:, None] * np.cos(order * np.arccos(np.clip(x, -1, 1)))
    return log
