"""Grids of computed spectra as others publish them, brought to LAMOST's resolution and pixels."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from astropy.io import fits

from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.templates.formats import read_table_hdu, to_vacuum
from mstars.templates.theory import (
    LAMOST_RESOLUTION,
    THEORY_WAVELENGTH,
    TheoryGrid,
    check_theory,
    hole_in,
    load_theory,
    to_resolution,
)

_LTE = re.compile(r"lte(\d{2,3}(?:\.\d+)?)-?([+-]?\d\.\d+)([+-]\d\.\d+)(?:a([+-]\d\.\d+))?")
"""lte032.0-5.0-0.5a+0.2: Teff / 100 K, log g, [M/H], [alpha/M]; PHOENIX writes -5.0 for a log g of +5.0."""

_NUMBER = re.compile(r"[+-]?\d+\.?\d*(?:[DdEe][+-]?\d+)?")
_SVO = re.compile(r"#\s*(teff|logg|meta|feh|alpha|afe)\s*=\s*([+-]?\d+\.?\d*)", re.IGNORECASE)
_SVO_LABELS = {"teff": "teff", "logg": "logg", "meta": "m_h", "feh": "m_h", "alpha": "alpha_m", "afe": "alpha_m"}
_CARDS = {
    "teff": ("PHXTEFF", "TEFF"),
    "logg": ("PHXLOGG", "LOGG"),
    "m_h": ("PHXM_H", "M_H"),
    "alpha_m": ("PHXALPHA", "ALPHA_M"),
}
_OPENERS: dict[str, Callable] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}

Spectrum = tuple[np.ndarray, np.ndarray, dict[str, float]]


def read_theory_grid(
    path: str | Path,
    *,
    medium: str | None = None,
    native: float | None = None,
    resolution: float = LAMOST_RESOLUTION,
    wavelength: np.ndarray = THEORY_WAVELENGTH,
) -> TheoryGrid:
    """Read a theory grid of any known form.

    Parameters
    ----------
    path : str or Path
        ``theory.h5``; an ``.npz`` (see `read_npz`); or a folder, one spectrum a file: text of the SVO (labels in the
        comments), native PHOENIX ``lte*.spec.7`` (labels in the name; ``.gz``, ``.bz2``, ``.xz`` too), or FITS tables.
    medium : {"air", "vacuum"}, optional
        What the wavelengths are measured in; a ``theory.h5`` says it itself, native PHOENIX files are of vacuum.
    native : float, optional
        lambda/FWHM of the files; None: so high that it does not matter.
    resolution : float
        lambda/FWHM that the spectra are brought to.
    wavelength : ndarray, [pixel]
        Vacuum angstrom, in equal steps of the logarithm: where the spectra are wanted.

    Returns
    -------
    TheoryGrid
        On those of ``wavelength`` that it reaches, unless the file is a ``theory.h5``, which stays as it is.

    Raises
    ------
    InputError
        Nothing to read there, no medium, a file without labels, or a grid that `check_theory` refuses.
    """
    path = Path(path)
    if path.suffix in (".h5", ".hdf5"):
        if medium == "air":
            raise InputError(f"{path}: a theory.h5 has wavelengths of vacuum, the key medium says air; leave it out")
        return load_theory(path)
    spectra, phoenix = _read_spectra(path)
    medium = medium or ("vacuum" if phoenix else None)
    if not spectra:
        raise InputError(f"{path}: no spectra in it")
    if medium is None:
        raise InputError(f"{path}: say whether its wavelengths are of air or vacuum (key medium)")
    for number, (wave, *_) in enumerate(spectra):
        _check_hole(f"{path}: spectrum {number}", np.sort(wave), wavelength)
    flux = np.stack(
        [
            to_resolution(to_vacuum(str(path), wave, medium), values, native, resolution, wavelength)
            for wave, values, _ in spectra
        ]
    )
    reached = np.flatnonzero(np.isfinite(flux).all(axis=0))
    if not reached.size:
        raise InputError(f"{path}: no wavelengths between {wavelength[0]:.0f} and {wavelength[-1]:.0f} A")
    inside = slice(reached[0], reached[-1] + 1)
    labels = pd.DataFrame([{label: found.get(label, np.nan) for label in LABELS} for *_, found in spectra])
    about = _about(path, min(resolution, native or resolution), medium)
    return check_theory(TheoryGrid(wavelength[inside], flux[:, inside].astype(np.float32), labels, about))


def _about(path: Path, resolution: float, medium: str) -> dict:
    """What a grid of files tells of itself."""
    return {
        "title": path.name,
        "source": path.name,
        "licence": "",
        "resolution": resolution,
        "air_converted": medium == "air",
        "simulated": False,
    }


def _read_spectra(path: Path) -> tuple[list[Spectrum], bool]:
    """All spectra of a file or folder, and whether they are native PHOENIX files."""
    if path.suffix == ".npz":
        return read_npz(path), False
    if not path.is_dir():
        raise InputError(f"{path}: no theory grid there: neither theory.h5, .npz nor a folder of spectra")
    files = sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith("."))
    phoenix = bool(files) and all(".spec.7" in one.name and one.name.startswith("lte") for one in files)
    return [_read_spectrum(one) for one in files], phoenix


def _check_hole(name: str, wavelength: np.ndarray, target: np.ndarray) -> None:
    first, last = np.searchsorted(wavelength, [target[0], target[-1]])
    near = wavelength[max(first - 1, 0) : last + 1]
    if len(near) > 1 and (widest := hole_in(near)):
        raise InputError(
            f"{name}: a hole of {widest:.1f} A in the wavelengths between {near[0]:.0f} and {near[-1]:.0f}"
        )


def _read_spectrum(path: Path) -> Spectrum:
    name = path.name.lower()
    if name.endswith((".fits", ".fits.gz", ".fit")):
        return read_fits(path)
    if ".spec.7" in name and name.startswith("lte") and not name.endswith((".txt", ".dat")):
        return read_lte(path)
    return read_svo(path)


def _text(path: Path) -> str:
    opener = _OPENERS.get(path.suffix, open)
    try:
        with opener(path, "rt", errors="replace") as handle:
            return handle.read()
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise InputError(f"{path}: not readable ({error})") from None


def _labels_of_name(path: Path) -> dict[str, float]:
    found = _LTE.match(path.name)
    if not found:
        raise InputError(f"{path}: no labels in it, and its name is not like lte032.0-5.0-0.5a+0.2…")
    teff, logg, m_h, alpha = found.groups()
    labels = {"teff": 100 * float(teff), "logg": abs(float(logg)), "m_h": float(m_h)}
    return labels | ({"alpha_m": float(alpha)} if alpha else {"alpha_m": 0.0})


def read_lte(path: Path) -> Spectrum:
    """A native PHOENIX file: wavelength (vacuum, angstrom), log10 of the flux, further columns; in any order of rows.

    Exponents are written with a D, and columns may touch: ``1.0000D+04-12.345``. Of rows with the same wavelength the
    first is kept.

    Parameters
    ----------
    path : Path

    Returns
    -------
    wavelength, flux, labels
        Ascending; the flux in a unit of its own; labels of the file's name.

    Raises
    ------
    InputError
        A line without two numbers, or a name without labels.
    """
    rows = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        fields = _NUMBER.findall(line)
        if not fields:
            continue
        if len(fields) < 2:
            raise InputError(f"{path}, line {number}: expected wavelength and log flux, found {line[:60]!r}")
        rows.append([float(one.replace("D", "E").replace("d", "e")) for one in fields[:2]])
    wave, log = _ascending(rows, path)
    return wave, 10.0 ** (log - log.max()), _labels_of_name(path)


def _ascending(rows: list, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Two columns by ascending wavelength; of rows with the same one the first is kept."""
    if len(rows) < 2:
        raise InputError(f"{path}: no spectrum in it")
    wave, values = np.array(rows).T
    wave, first = np.unique(wave, return_index=True)
    return wave, values[first]


def read_svo(path: Path) -> Spectrum:
    """A text file of the SVO: ``# teff = 3200 K …`` and so on, then wavelength (angstrom) and flux (per angstrom).

    Parameters
    ----------
    path : Path

    Returns
    -------
    wavelength, flux, labels
        Labels of the comments, else of the file's name.

    Raises
    ------
    InputError
        A line that is neither a comment nor two numbers, or no labels.
    """
    text = _text(path)
    labels = {_SVO_LABELS[name.lower()]: float(value) for name, value in _SVO.findall(text)}
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split("#")[0].replace(",", " ").split()
        if not fields:
            continue
        try:
            rows.append((float(fields[0]), float(fields[1])))
        except (ValueError, IndexError):
            raise InputError(f"{path}, line {number}: expected wavelength and flux, found {line[:60]!r}") from None
    wave, flux = _ascending(rows, path)
    return wave, flux, labels if {"teff", "logg", "m_h"} <= set(labels) else _labels_of_name(path)


def read_fits(path: Path) -> Spectrum:
    """A FITS table with a wavelength and a flux column; labels in the cards PHXTEFF … or TEFF …, else in the name.

    Parameters
    ----------
    path : Path

    Returns
    -------
    wavelength, flux, labels

    Raises
    ------
    InputError
        No table, no such columns, or no labels.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
            if not tables:
                raise InputError(f"{path}: no table in it")
            wave, flux = read_table_hdu(tables[0], path)
            cards = {key: value for hdu in hdus for key, value in hdu.header.items()}
    except OSError as error:
        raise InputError(f"{path}: not readable ({error})") from None
    labels = {}
    for label, names in _CARDS.items():
        found = [cards[name] for name in names if isinstance(cards.get(name), int | float)]
        if found:
            labels[label] = float(found[0])
    wave, first = np.unique(wave, return_index=True)
    return wave, flux[first], labels if {"teff", "logg", "m_h"} <= set(labels) else _labels_of_name(path)


def read_npz(path: Path) -> list[Spectrum]:
    """Arrays of numpy: wavelength [q] (angstrom), flux [n, q] (per angstrom), and teff, logg, m_h, alpha_m [n] each.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of (wavelength, flux, labels)

    Raises
    ------
    InputError
        Not such a file, or arrays that do not agree. Objects are never loaded.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in ("wavelength", "flux", "teff", "logg", "m_h") if name not in file]
            if missing:
                raise InputError(f"{path}: no array {', '.join(missing)}; found {', '.join(file.files)}")
            wave, flux = file["wavelength"].astype(float), file["flux"].astype(float)
            labels = {name: file[name].astype(float) for name in LABELS if name in file}
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not readable ({error})") from None
    if flux.ndim != 2 or flux.shape[1:] != wave.shape or any(one.shape != flux.shape[:1] for one in labels.values()):
        raise InputError(f"{path}: wavelength {wave.shape}, flux {flux.shape} and the labels do not agree")
    return [(wave, row, {name: float(one[number]) for name, one in labels.items()}) for number, row in enumerate(flux)]
