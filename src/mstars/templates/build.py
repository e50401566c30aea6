"""Build the template library: every source on one grid, in vacuum, at rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.spectra.wavelengths import DLOGLAM, air_to_vacuum
from mstars.templates.emulator import EMULATOR_WAVELENGTH, Emulator, read_emulator
from mstars.templates.formats import Template, read_folder, read_template
from mstars.templates.kastredux import read_kastredux
from mstars.templates.library import COLUMNS, LIBRARY_GRID, TemplateLibrary, save_library
from mstars.templates.mastar import read_galaxies, read_mastar
from mstars.templates.spectral_types import template_kind, type_temperature
from mstars.templates.stelib import TELLURIC_BANDS, read_stelib

PIXEL_KMS = C_KMS * DLOGLAM * np.log(10)
"""One pixel of the grid, km/s."""

_READERS = (
    ("kastredux", read_kastredux),
    ("sdss-mangadap", read_stelib),
    ("sdss-mangadap", read_mastar),
    ("sdss-mangadap", read_galaxies),
)


def to_grid(wavelength: np.ndarray, flux: np.ndarray, grid: np.ndarray = LIBRARY_GRID) -> np.ndarray:
    """Mean flux density within each pixel of a grid: flux is conserved.

    Parameters
    ----------
    wavelength, flux : ndarray, [q]
        Vacuum angstrom, ascending.
    grid : ndarray, [pixel]
        Vacuum angstrom, ascending in equal ratios.

    Returns
    -------
    ndarray of float64, [pixel]
        NaN where the spectrum doesn't reach.
    """
    half = np.sqrt(grid[1:] / grid[:-1]).mean()
    edges = np.append(grid / half, grid[-1] * half)
    steps = np.diff(wavelength)
    integral = np.concatenate([[0.0], np.cumsum(0.5 * (flux[1:] + flux[:-1]) * steps)])
    # within a step the integral of a straight line is a parabola
    index = np.clip(np.searchsorted(wavelength, edges) - 1, 0, len(steps) - 1)
    x = edges - wavelength[index]
    slope = (flux[index + 1] - flux[index]) / steps[index]
    at_edges = integral[index] + flux[index] * x + 0.5 * slope * x**2
    mean = np.diff(at_edges) / np.diff(edges)
    mean[(edges[:-1] < wavelength[0]) | (edges[1:] > wavelength[-1])] = np.nan
    return mean


def velocity_offset(flux: np.ndarray, reference: np.ndarray, window=(8400.0, 8850.0), limit=250.0) -> float:
    """Velocity of one spectrum against another by cross-correlation of their lines.

    Parameters
    ----------
    flux, reference : ndarray, [pixel]
        On the library's grid.
    window : tuple of float
        Wavelengths to compare, angstrom (default: the Ca II triplet).
    limit : float
        Largest velocity looked for, km/s.

    Returns
    -------
    float
        km/s; NaN if they don't agree.
    """
    inside = (LIBRARY_GRID > window[0]) & (LIBRARY_GRID < window[1])
    lines = []
    for spectrum in (flux, reference):
        part = spectrum[inside]
        if not np.isfinite(part).all():
            return float("nan")
        smooth = gaussian_filter1d(np.log(np.maximum(part, 1e-3 * np.median(part))), 1.5)
        lines.append(smooth - gaussian_filter1d(smooth, 25))
    shifts = np.arange(-int(limit / PIXEL_KMS) - 1, int(limit / PIXEL_KMS) + 2)
    edge = len(shifts)
    core = slice(edge, -edge)
    score = np.array([np.corrcoef(np.roll(lines[0], -shift)[core], lines[1][core])[0, 1] for shift in shifts])
    best = int(np.argmax(score))
    if best in (0, len(shifts) - 1) or score[best] < 0.5:
        return float("nan")
    left, middle, right = score[best - 1 : best + 2]
    return float((shifts[best] + 0.5 * (left - right) / (left - 2 * middle + right)) * PIXEL_KMS)


def emulator_spectra(emulator: Emulator, teff, logg, m_h, alpha_m=0.0) -> np.ndarray:
    """Emulated giants on the library's grid.

    Parameters
    ----------
    emulator : Emulator
    teff, logg, m_h, alpha_m : float or ndarray, [n]
        K and dex.

    Returns
    -------
    ndarray of float64, [n, pixel]
    """
    vacuum = air_to_vacuum(EMULATOR_WAVELENGTH)
    return np.stack([to_grid(vacuum, row.astype(float)) for row in emulator(teff, logg, m_h, alpha_m)])


def _shift(flux: np.ndarray, velocity: float) -> np.ndarray:
    """The spectrum of a template that moves with ``velocity``, brought to rest."""
    return np.interp(LIBRARY_GRID * (1 + velocity / C_KMS), LIBRARY_GRID, flux, left=np.nan, right=np.nan)


_MEANS = ("bochanski", "kesseli", "mastar")


def _align(flux: np.ndarray, table: pd.DataFrame, reference: np.ndarray, largest: float) -> np.ndarray:
    """Bring the cool stars to rest against a computed giant: velocities that were taken out, km/s [n].

    Single stars each by their own lines. Dwarfs of the sources that are means of many SDSS spectra share one velocity:
    their rest frames agree by construction, while bands around the triplet shift it by a few km/s between types.
    """
    offset = np.full(len(table), np.nan)
    cool = (table["spectral_class"].isin(["G", "K", "M"]) & (table["resolution"] > 1200)).to_numpy()
    for row in np.flatnonzero(cool):
        found = velocity_offset(flux[row], reference)
        offset[row] = found if np.isfinite(found) and abs(found) < largest else np.nan
    dwarf = (table["luminosity"] != "giant").to_numpy()
    for source in _MEANS:
        rows = np.flatnonzero(cool & dwarf & (table["source"] == source).to_numpy())
        if rows.size and np.isfinite(offset[rows]).any():
            offset[rows] = np.nanmedian(offset[rows])
    offset = np.nan_to_num(offset)
    for row in np.flatnonzero(offset):
        flux[row] = _shift(flux[row], offset[row])
    return offset


def _fill_bands(flux: np.ndarray, table: pd.DataFrame) -> None:
    """Kesseli 2019 dwarfs keep the atmosphere's bands: there the nearest MaStar dwarf's shape takes their place."""
    donors = np.flatnonzero((table["source"] == "mastar") & (table["kind"] == "dM"))
    for row in np.flatnonzero(table["source"] == "kesseli2019"):
        donor = donors[np.argmin(np.abs(table["teff"].to_numpy()[donors] - table["teff"].iloc[row]))]
        for lower, upper in TELLURIC_BANDS:
            inside = np.flatnonzero((LIBRARY_GRID >= lower) & (LIBRARY_GRID <= upper) & np.isfinite(flux[donor]))
            ratio = np.log(np.maximum(flux[row], 1e-3) / flux[donor])
            ends = [np.nanmedian(ratio[inside[0] - 12 : inside[0]]), np.nanmedian(ratio[inside[-1] : inside[-1] + 12])]
            ends = [end if np.isfinite(end) else ends[0] for end in ends]
            flux[row, inside] = flux[donor, inside] * np.exp(np.linspace(ends[0], ends[1], inside.size))


def _emulated(emulator: Emulator) -> tuple[np.ndarray, list[dict]]:
    """A grid of computed giants as templates of the source ``emulator``."""
    rows = [
        (teff, logg, m_h)
        for teff in (3550.0, 3700.0, 3850.0, 4000.0)
        for logg in (0.5, 1.0, 1.5)
        for m_h in (-1.0, -0.5, 0.0, 0.3)
    ]
    flux = emulator_spectra(emulator, *np.array(rows).T)
    infos = []
    for teff, logg, m_h in rows:
        letter = "M" if teff < 3900 else "K"
        infos.append(
            {
                "name": f"emulated_{teff:.0f}_{logg:.1f}_{m_h:+.1f}",
                "source": "emulator",
                "kind": "gM" if letter == "M" else "K",
                "spectral_class": letter,
                "subclass": letter,
                "luminosity": "giant",
                "teff": teff,
                "logg": logg,
                "m_h": m_h,
                "resolution": 2000.0,
                "licence": "MIT (bossbrain)",
            }
        )
    return flux, infos


def build_library(
    packages: str | Path | None, path: str | Path, extra: Sequence[dict] = (), logger=None
) -> TemplateLibrary:
    """Build and write the library.

    Parameters
    ----------
    packages : str or Path, optional
        What `fetch_packages` left; None: only ``extra``.
    path : str or Path
        The HDF5 file to write.
    extra : sequence of dict
        Templates of one's own (``templates.extra`` of the config): ``source`` (a name), ``path`` (file or folder),
        ``medium`` (air, vacuum), ``spectral_class``, ``luminosity``.
    logger : logging.Logger, optional
        Told about refused templates.

    Returns
    -------
    TemplateLibrary

    Raises
    ------
    InputError
        When there is no template at all, or one of ``extra`` can't be read.
    """
    templates, refused, emulator = [], [], None
    if packages is not None:
        for package, reader in _READERS:
            found, bad = reader(Path(packages) / package)
            templates += found
            refused += bad
        emulator = read_emulator(Path(packages) / "bossbrain" / "bossbrain" / "data" / "ann_22pars_3500-4200.pkl")
    for entry in extra:
        templates += _read_extra(entry, refused)
    if not templates:
        raise InputError("templates: no template at all; set templates.packages or templates.extra")
    flux = np.stack([to_grid(template.wavelength, template.flux) for template in templates])
    infos = [template.info for template in templates]
    if emulator is not None:
        computed, more = _emulated(emulator)
        flux, infos = np.concatenate([flux, computed]), infos + more
    flux /= np.nanmedian(flux, axis=1, keepdims=True)
    table = pd.DataFrame(infos)
    table["rest_offset"] = 0.0
    if emulator is not None:
        reference = emulator_spectra(emulator, 3800.0, 1.5, 0.0)[0]
        from_packages = ~table["source"].isin(
            ["emulator", "mastar_ssp", "fluxstd", *(entry["source"] for entry in extra)]
        )
        table.loc[from_packages, "rest_offset"] = _align_rows(flux, table, from_packages.to_numpy(), reference)
        _fill_bands(flux, table)
    if table["name"].add(table["source"]).duplicated().any():
        table["name"] += "_" + table.groupby(["source", "name"]).cumcount().astype(str).radd("n")
    library = TemplateLibrary(LIBRARY_GRID, flux.astype(np.float32), table[list(COLUMNS)])
    for message in refused:
        if logger:
            logger.info("refused: %s", message)
    save_library(library, path, emulator, {"refused": refused})
    return library


def _align_rows(flux, table, rows, reference) -> np.ndarray:
    part = flux[rows]
    offset = _align(part, table[rows].reset_index(drop=True), reference, largest=150.0)
    flux[rows] = part
    return offset


def _read_extra(entry: dict, refused: list[str]) -> list[Template]:
    path = Path(entry["path"])
    if not path.exists():
        raise InputError(f"templates.extra: {path} does not exist")
    if path.is_dir():
        templates, bad = read_folder(path, entry["medium"])
        refused += bad
    else:
        templates = read_template(path, entry["medium"])
    for template in templates:
        subclass = entry.get("subclass") or _subclass(template.name)
        letter = entry.get("spectral_class") or subclass[:1] or "M"
        luminosity = entry.get("luminosity") or ("giant" if "III" in template.name else "dwarf")
        template.info = {
            "name": template.name,
            "source": entry["source"],
            "kind": template_kind(letter, luminosity),
            "spectral_class": letter,
            "subclass": subclass,
            "luminosity": luminosity,
            "teff": type_temperature(subclass, luminosity),
            "logg": float("nan"),
            "m_h": float("nan"),
            "resolution": float(entry.get("resolution") or 2000.0),
            "licence": entry.get("licence") or "",
        }
    return templates


def _subclass(name: str) -> str:
    found = re.search(r"(?:^|[^A-Z])([OBAFGKM]\d(?:\.\d)?)", name)
    return found[1] if found else ""
