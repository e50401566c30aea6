"""Spectra and templates for `velocity.py`: simulated from one library, matched with 233 templates of another."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

from mstars.core.config.template_matching import MatchOptions
from mstars.core.constants import C_KMS
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength
from mstars.templates.library import TemplateLibrary


def real_masks(folder: Path | None) -> np.ndarray | None:
    """Masks (ormask, uint8 [n, pixel]) of the real LAMOST files in ``folder``; None where there are none."""
    if folder is None or not folder.is_dir():
        return None
    from mstars.lamost.grid import place_on_grid
    from mstars.lamost.reader import read_spectrum

    rows = []
    for path in sorted(folder.rglob("*.fits*")):
        flux, ivar = np.zeros((2, len(lamost_wavelength())), np.float32)
        ormask = np.zeros(len(flux), np.uint8)
        try:
            place_on_grid(read_spectrum(path), flux, ivar, ormask)
        except Exception:
            continue
        bad = (ormask != 0) | (ivar <= 0)
        if bad.mean() < 0.3:
            rows.append(bad)
    return np.array(rows).astype(np.uint8) * 32 if rows else None


def read_files(paths) -> SpectrumSet:
    """LAMOST files as one set; the keys are their numbers."""
    from mstars.lamost.grid import place_on_grid
    from mstars.lamost.reader import read_spectrum

    shape = (len(paths), len(lamost_wavelength()))
    flux, ivar, ormask = np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(shape, np.uint8)
    for k, path in enumerate(paths):
        place_on_grid(read_spectrum(path), flux[k], ivar[k], ormask[k])
    key = np.array([f"{k:04d}" for k in range(len(paths))])
    return SpectrumSet(flux, ivar, ormask, lamost_wavelength(), key)


def made_up_masks(rng: np.random.Generator, n: int, n_pixel: int) -> np.ndarray:
    """Masks like the real ones: none in half of the spectra, else a few runs of about 20 pixels."""
    masks = np.zeros((n, n_pixel), np.uint8)
    for row in np.flatnonzero(rng.random(n) < 0.4):
        for start in rng.integers(0, n_pixel - 60, rng.integers(1, 7)):
            masks[row, start : start + rng.integers(2, 50)] = 32
    return masks


WAVELENGTH_KMS = 1.5
"""Scatter of a spectrum's wavelengths, as in the simulated survey: a star's velocity is known no better."""


def simulate(
    library: TemplateLibrary, n: int, snr: tuple[float, float], seed: int, masks: np.ndarray | None
) -> tuple[SpectrumSet, np.ndarray, np.ndarray, np.ndarray]:
    """n spectra: neighbouring templates, a smooth distortion, Poisson-like noise, errors of the wavelengths, masks.

    Returns
    -------
    spectra, rv (km/s, [n]), snr ([n]), seen (km/s, [n]: rv with the error of the wavelengths)
    """
    rng = np.random.default_rng(seed)
    wavelength = lamost_wavelength()
    inside = np.isfinite(library.flux[:, (library.wavelength > 4000) & (library.wavelength < 8990)]).all(axis=1)
    library = library.select(inside)
    x = np.linspace(-1, 1, len(wavelength))
    loglam = np.log10(library.wavelength)
    rv = np.clip(rng.normal(0, 60, n), -350, 350)
    seen = rv + np.random.default_rng((seed, 1)).normal(0, WAVELENGTH_KMS, n)
    level = np.exp(rng.uniform(np.log(snr[0]), np.log(snr[1]), n))
    red = (wavelength > 6712) & (wavelength < 8247)
    flux = np.empty((n, len(wavelength)), np.float32)
    ivar = np.empty_like(flux)
    splines = []
    for row in library.flux:
        good = np.isfinite(row)
        # held constant beyond its ends, which are not compared
        splines.append(CubicSpline(loglam, np.interp(loglam, loglam[good], row[good].astype(float))))
    for k in range(n):
        model = splines[rng.integers(len(splines))](np.log10(wavelength / (1 + seen[k] / C_KMS)))
        model = np.maximum(model, 0.02) * np.exp(0.3 * np.polynomial.legendre.legval(x, rng.normal(0, 0.5, 4)))
        model /= model[red].mean()
        sigma = np.sqrt(0.5 + 0.5 * model) / level[k]
        flux[k] = model + rng.normal(size=len(x)) * sigma
        ivar[k] = 1 / sigma**2
    if masks is None:
        ormask = made_up_masks(rng, n, len(x))
    else:
        ormask = masks[rng.integers(len(masks), size=n)]
    key = np.array([f"55000-BENCH-sp01-{k:05d}" for k in range(n)])
    return SpectrumSet(1e3 * flux, ivar / 1e6, ormask, wavelength, key), rv, level, seen


def at_rest(library: TemplateLibrary, options: MatchOptions) -> TemplateLibrary:
    """The library as the matching uses it: rest frames brought together, what contradicts them left out.

    Mixtures of templates at different velocities would be templates of no velocity.
    """
    from mstars.velocity.match.library_bank import template_frames

    moving, kept = template_frames(library, options)
    flux = np.full(library.flux.shape, np.nan, library.flux.dtype)
    for row, own, speed in zip(flux, library.flux, moving, strict=True):
        good = np.isfinite(own)
        spline = CubicSpline(library.wavelength[good], own[good].astype(float), extrapolate=False)
        row[:] = spline(library.wavelength * (1 + speed / C_KMS))
    return TemplateLibrary(library.wavelength, flux, library.table).select(kept)


def grow(library: TemplateLibrary, count: int, seed: int) -> TemplateLibrary:
    """A library of ``count`` templates: the given ones, then mixtures of two of the same kind."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    flux, rows = [library.flux], [library.table]
    kinds = library.table["kind"].to_numpy()
    for number in range(len(library), count):
        first = rng.integers(len(library))
        second = rng.choice(np.flatnonzero(kinds == kinds[first]))
        share = rng.uniform(0.2, 0.8)
        flux.append((share * library.flux[first] + (1 - share) * library.flux[second])[None])
        row = library.table.iloc[[first]].copy()
        row["name"] = f"mixture{number}"
        rows.append(row)
    table = pd.concat(rows, ignore_index=True).iloc[:count]
    return TemplateLibrary(library.wavelength, np.concatenate(flux)[:count], table)


def real_folder() -> Path | None:
    """The folder of real LAMOST files, if there is one (MSTARS_REAL)."""
    folder = Path(os.environ.get("MSTARS_REAL", Path(__file__).resolve().parents[2] / "shared" / "real"), "lamost")
    return folder if folder.is_dir() else None
