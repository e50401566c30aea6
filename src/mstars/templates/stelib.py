"""Templates of STELIB 3.2 (Le Borgne et al. 2003), from sdss-mangadap: tellurics divided out, gaps filled."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from astropy.io import fits
from scipy.ndimage import median_filter

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.templates.formats import Template, to_vacuum
from mstars.templates.spectral_types import labelled, type_temperature

DAP_LICENCE = "BSD-3-Clause (sdss-mangadap)"

TELLURIC_BANDS = ((6860.0, 6960.0), (7150.0, 7350.0), (7590.0, 7705.0), (8100.0, 8370.0), (8920.0, 9300.0))
"""O2 and H2O absorption, vacuum angstrom."""

_AIR_BANDS = tuple((lower - 2, upper - 2) for lower, upper in TELLURIC_BANDS)


def read_stelib(folder: str | Path) -> tuple[list[Template], list[str]]:
    """STELIB 3.2 (Le Borgne et al. 2003): 255 stars, air, R about 2000; tellurics divided out with its hot stars.

    Parameters
    ----------
    folder : str or Path
        What was taken out of mangadap.

    Returns
    -------
    templates : list of Template
    refused : list of str

    Raises
    ------
    InputError
        When there are no spectra.
    """
    files = sorted((Path(folder) / "mangadap" / "data" / "spectral_templates" / "stelib").glob("*.fits*"))
    if not files:
        raise InputError(f"{folder}: no spectra of STELIB; run the rule fetch_templates again")
    raw, refused = [], []
    for path in files:
        with fits.open(path, memmap=False, ignore_missing_end=True) as hdus:
            header, flux = hdus[0].header, np.asarray(hdus[0].data, float)
        wave = header["CRVAL1"] + header["CDELT1"] * np.arange(flux.size)
        labels = {
            key: _number(header.get(card)) for key, card in (("teff", "TEFF"), ("logg", "LOG_G"), ("m_h", "FE_H"))
        }
        raw.append(
            (str(header["OBJECT"]).strip(), str(header["SPECTYPE"]).strip(), wave, flux, labels, header["RADVEL"])
        )
    grid = np.arange(3300.0, 9300.0)
    on_grid = np.stack([np.interp(grid, wave, flux) for _, _, wave, flux, _, _ in raw])
    hot = np.array([spectral[:1] in "OB" for _, spectral, *_ in raw])
    telluric = _telluric_transmission(grid, on_grid[hot], np.array([item[5] for item in raw])[hot])
    pairs = zip(raw, on_grid, strict=True)
    cleaned = np.stack([_remove_telluric(grid, row, telluric, item[5]) for item, row in pairs])
    _fill_gaps(grid, cleaned, [item[1] for item in raw])
    templates = []
    for (name, spectral, _, _, labels, _), row in zip(raw, cleaned, strict=True):
        try:
            templates.append(_steliblabelled(name, spectral, grid, row, labels))
        except InputError as error:
            refused.append(str(error))
    return templates, refused


def _fill_gaps(grid: np.ndarray, flux: np.ndarray, types: list[str]) -> None:
    """Late M giants are few: where one lacks up to 130 A it gets the shape of another of its type, in place."""
    late = [row for row, spectral in enumerate(types) if re.match(r"M[5-9]", spectral)]
    lacking = flux <= 1e-3 * np.median(flux, axis=1, keepdims=True)
    for row in late:
        gap = lacking[row] & (grid > 6500) & (grid < 9000)
        whole = [other for other in late if not lacking[other][(grid > 6500) & (grid < 9000)].any()]
        if not gap.any() or gap.sum() > 130 or not whole:
            continue
        first, last = np.flatnonzero(gap)[[0, -1]]
        inside = slice(first - 8, last + 9)
        ratio = np.log(np.maximum(flux[row], 1e-30) / flux[whole[0]])
        ends = np.median(ratio[first - 30 : first - 8]), np.median(ratio[last + 9 : last + 30])
        flux[row, inside] = flux[whole[0], inside] * np.exp(np.linspace(*ends, last - first + 17))


def _number(value) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _steliblabelled(name, spectral, wave, flux, labels) -> Template:
    covered = flux > 1e-4 * np.median(flux[flux > 0])
    covered = ~(median_filter((~covered).astype(np.uint8), 9) > 0)
    inside = covered & (wave > 3800) & (wave < 9000)
    if inside.sum() < 0.965 * 5200:
        raise InputError(f"template stelib {name}: {1 - inside.sum() / 5200:.0%} of 3800-9000 A has no data")
    if not spectral or spectral[0] not in "OBAFGKMD":
        raise InputError(f"template stelib {name}: spectral type {spectral!r}")
    letter = "WD" if spectral[0] == "D" else spectral[0]
    found = re.match(r"[OBAFGKM]\D?(\d(?:\.\d)?)?", spectral)
    subclass = spectral if letter == "WD" else f"{letter}{(found and found[1]) or 5}"
    giant = re.search(r"III|II|I[ab]", spectral) or (labels["logg"] < 3.3 and letter in "GKM")
    luminosity = "" if letter == "WD" else "giant" if giant else "dwarf"
    if not np.isfinite(labels["teff"]):
        labels["teff"] = type_temperature(subclass, luminosity)
    if letter in "OBAFG":  # no bands of their own there: what is left of the atmosphere's is bridged
        smooth = np.exp(_continuum(wave, flux, _AIR_BANDS[:3]))
        for lower, upper in _AIR_BANDS[:3]:
            inside = (wave >= lower) & (wave <= upper)
            flux = np.where(inside, smooth, flux)
    keep = covered & (wave > 3400)
    return labelled(
        name,
        "stelib",
        to_vacuum(name, wave[keep], "air"),
        flux[keep],
        subclass,
        luminosity,
        DAP_LICENCE,
        2000.0,
        spectral_class=letter,
        **labels,
    )


def _continuum(wave: np.ndarray, flux: np.ndarray, bands) -> np.ndarray:
    """Straight lines across the bands, in the logarithm."""
    log = np.log(np.maximum(flux, 1e-3 * np.median(flux[flux > 0])))
    inside = np.zeros(wave.size, bool)
    for lower, upper in bands:
        inside |= (wave >= lower) & (wave <= upper)
    smooth = median_filter(log, 31)
    return np.interp(wave, wave[~inside], smooth[~inside])


def _telluric_transmission(grid, hot, velocity) -> np.ndarray:
    """Median depth of the atmosphere's bands in hot stars, in the observer's frame: log transmission [pixel]."""
    depth = []
    for row, speed in zip(hot, velocity, strict=True):
        if (row[(grid > 6500) & (grid < 9250)] <= 0).any():
            continue
        observed = np.interp(grid, grid * (1 + speed / C_KMS), row)
        log = np.log(np.maximum(observed, 1e-3 * np.median(observed)))
        depth.append(np.minimum(log - _continuum(grid, observed, _AIR_BANDS), 0.02))
    median = np.median(depth, axis=0)
    inside = np.zeros(grid.size, bool)
    for lower, upper in _AIR_BANDS:
        inside |= (grid >= lower) & (grid <= upper)
    return np.where(inside, np.minimum(median, 0.0), 0.0)


def _remove_telluric(grid, flux, telluric, velocity) -> np.ndarray:
    """Divide by the transmission to the power that leaves the O2 bands smoothest."""
    depth = np.interp(grid, grid / (1 + velocity / C_KMS), telluric)
    band = ((grid > 7575) & (grid < 7720)) | ((grid > 6850) & (grid < 6960))
    if (flux[band] <= 0).any():
        return flux
    log = np.log(flux[band])
    best = min(np.arange(0.0, 2.51, 0.05), key=lambda k: np.abs(np.diff(log - k * depth[band])).sum())
    return flux * np.exp(-best * depth)
