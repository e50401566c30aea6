"""Template spectra in the formats they are published in, checked one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy.io import fits

from mstars.core.errors import InputError
from mstars.spectra.wavelengths import air_to_vacuum

_FLUX_NAMES = ("flux", "spec", "spectrum", "flux_density", "value")
_WAVE_NAMES = ("wavelength", "wave", "lambda", "lam", "loglam")
_MAX_GAP = 60.0
"""Widest step inside a template, angstrom."""


@dataclass
class Template:
    """One template as published, in vacuum.

    Attributes
    ----------
    name : str
        Unique within its source.
    wavelength : ndarray, [pixel]
        Vacuum angstrom, ascending.
    flux : ndarray, [pixel]
        Per angstrom.
    info : dict
        Columns of the library's table that are known.
    """

    name: str
    wavelength: np.ndarray
    flux: np.ndarray
    info: dict = field(default_factory=dict)


def check_template(name: str, wavelength: np.ndarray, flux: np.ndarray) -> None:
    """Refuse a template that would poison a fit.

    Parameters
    ----------
    name : str
        For the message.
    wavelength, flux : ndarray, [q]
        Angstrom, and any unit.

    Raises
    ------
    InputError
        Names the file and the reason: too short, gaps, wavelengths that don't ascend or aren't angstrom,
        not-a-number, negative or constant flux.
    """

    def refuse(reason: str):
        raise InputError(f"template {name}: {reason}")

    if len(wavelength) < 200 or len(wavelength) != len(flux):
        refuse(f"{len(wavelength)} wavelengths and {len(flux)} fluxes; expected at least 200 of each")
    if not np.isfinite(wavelength).all() or not np.isfinite(flux).all():
        refuse("values that are not numbers")
    if (np.diff(wavelength) <= 0).any():
        refuse("wavelengths do not ascend")
    if wavelength[-1] < 3000 or wavelength[0] > 12000:
        refuse(f"{wavelength[0]:.4g} to {wavelength[-1]:.4g} is not a range in angstrom; convert nm, micron or log10")
    inside = (wavelength > 3900) & (wavelength < 8900)
    if inside.sum() < 100:
        refuse("less than 100 pixels within 3900-8900 A")
    gap = np.diff(wavelength[inside]).max()
    if gap > _MAX_GAP:
        refuse(f"a gap of {gap:.0f} A; at most {_MAX_GAP:.0f} A are interpolated")
    part = flux[inside]
    if np.ptp(part) <= 1e-6 * np.abs(part).max():
        refuse("constant flux")
    if part.mean() <= 0 or (part < -0.05 * np.median(np.abs(part))).mean() > 0.05:
        refuse(f"{(part < 0).mean():.0%} of the pixels within 3900-8900 A are negative")


def to_vacuum(name: str, wavelength: np.ndarray, medium: str) -> np.ndarray:
    """Vacuum wavelengths.

    Parameters
    ----------
    name : str
        For the message.
    wavelength : ndarray, [q]
        Angstrom.
    medium : {"air", "vacuum"}
        What they are measured in now.

    Returns
    -------
    ndarray, [q]
        Vacuum angstrom.

    Raises
    ------
    InputError
        When the medium is unknown.
    """
    if medium not in ("air", "vacuum"):
        raise InputError(f"template {name}: medium is {medium!r}; expected 'air' or 'vacuum'")
    return air_to_vacuum(wavelength) if medium == "air" else np.asarray(wavelength, float)


def read_columns(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """First two columns of a text file (white space, comma or semicolon between; ``#`` starts a comment).

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    wavelength, flux : ndarray, [q]

    Raises
    ------
    InputError
        When a line after the first with numbers has none, or no line has.
    """
    rows = []
    for number, line in enumerate(Path(path).read_text(errors="replace").splitlines(), 1):
        line = line.split("#")[0].replace(",", " ").replace(";", " ").replace("|", " ")
        fields = line.split()
        if not fields:
            continue
        try:
            rows.append((float(fields[0]), float(fields[1])))
        except (ValueError, IndexError):
            if rows:
                raise InputError(f"{path}, line {number}: expected wavelength and flux, found {line[:60]!r}") from None
    if not rows:
        raise InputError(f"{path}: no line with a wavelength and a flux")
    wave, flux = np.array(rows).T
    return wave, flux


def _read_image(hdu, path) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """An image whose header gives the wavelengths (linear or log10), one spectrum a row, named by NAME0, NAME1."""
    header, data = hdu.header, np.atleast_2d(np.asarray(hdu.data, float))
    pixel = np.arange(data.shape[1])
    if "COEFF0" in header:
        start, step, log = header["COEFF0"], header["COEFF1"], True
    elif "CRVAL1" in header:
        step = header.get("CDELT1", header.get("CD1_1"))
        start = header["CRVAL1"] + (1 - header.get("CRPIX1", 1)) * step
        log = "LOG" in str(header.get("CTYPE1", "")).upper() or start < 100
    else:
        raise InputError(f"{path}: neither COEFF0 nor CRVAL1 gives the wavelengths")
    wave = start + step * pixel
    wave = 10.0**wave if log else wave
    if "EIGEN" in str(header.get("OBJECT", "")).upper() or "NAME0" in header or data.shape[0] > 1:
        names = [str(header.get(f"NAME{row}", f"row{row}")).strip() for row in range(data.shape[0])]
    else:
        names = [str(header.get("OBJECT", "")).strip() or Path(path).name]
    return [(label, wave, row) for label, row in zip(names, data, strict=True)]


def _read_lamost_image(hdu) -> tuple[np.ndarray, np.ndarray]:
    """LAMOST's 1D image: row 0 is the flux; the wavelengths come from COEFF0 and COEFF1."""
    header = hdu.header
    wave = 10.0 ** (header["COEFF0"] + header["COEFF1"] * np.arange(hdu.data.shape[1]))
    return wave, np.asarray(hdu.data[0], float)


def read_table_hdu(hdu, path) -> tuple[np.ndarray, np.ndarray]:
    """Wavelength and flux columns of a FITS table.

    Parameters
    ----------
    hdu : astropy.io.fits.BinTableHDU
    path : str or Path
        For the message.

    Returns
    -------
    wavelength, flux : ndarray of float64, [q]
        Angstrom, and the file's unit.

    Raises
    ------
    InputError
        No such columns, or wavelengths in another unit.
    """
    names = {name.lower(): name for name in hdu.columns.names}
    flux = next((names[name] for name in _FLUX_NAMES if name in names), None)
    wave = next((names[name] for name in _WAVE_NAMES if name in names), None)
    if flux is None or wave is None:
        raise InputError(f"{path}: columns {', '.join(hdu.columns.names)}; expected a wavelength and a flux column")
    values = np.ravel(hdu.data[wave]).astype(float)
    unit = str(hdu.columns[wave].unit or "").lower()
    if wave.lower() == "loglam":
        values = 10.0**values
    elif unit in ("nm", "nanometer"):
        values = values * 10
    elif unit in ("um", "micron"):
        values = values * 1e4
    elif unit not in ("", "angstrom", "a", "angstroms"):
        raise InputError(f"{path}: wavelengths in {unit!r}; expected angstrom, nm or micron")
    return values, np.ravel(hdu.data[flux]).astype(float)


def read_template(path: str | Path, medium: str) -> list[Template]:
    """Read the spectra of one file: text, FITS image (SDSS ``spEigenStar``: one star a row), FITS table, LAMOST 1D.

    Parameters
    ----------
    path : str or Path
        ``.fits``, ``.fits.gz`` or a text file.
    medium : str
        What its wavelengths are measured in, ``air`` or ``vacuum``.

    Returns
    -------
    list of Template

    Raises
    ------
    InputError
        When the file can't be read as a spectrum, or `check_template` refuses it.
    """
    path = Path(path)
    try:
        spectra = _read_any(path)
    except OSError as error:
        raise InputError(f"{path}: not readable ({error})") from None
    result = []
    for name, wave, flux in spectra:
        good = np.isfinite(wave) & np.isfinite(flux)
        first, last = (
            (np.flatnonzero(good & (flux != 0))[[0, -1]]) if (good & (flux != 0)).any() else (0, len(wave) - 1)
        )
        wave, flux, good = wave[first : last + 1], flux[first : last + 1], good[first : last + 1]
        check_template(f"{path} ({name})", wave[good], flux[good])
        result.append(Template(name, to_vacuum(str(path), wave[good], medium), flux[good]))
    return result


def _read_any(path: Path) -> list[tuple[str, np.ndarray, np.ndarray]]:
    if not path.name.lower().endswith((".fits", ".fit", ".fits.gz", ".fit.gz")):
        wave, flux = read_columns(path)
        return [(path.stem, wave, flux)]
    with fits.open(path, memmap=False) as hdus:
        for hdu in hdus:
            if isinstance(hdu, fits.BinTableHDU):
                return [(path.name.split(".")[0], *read_table_hdu(hdu, path))]
            if hdu.data is not None:
                if hdu.header.get("TELESCOP", "").strip() == "LAMOST" and hdu.data.ndim == 2:
                    return [(path.name.split(".")[0], *_read_lamost_image(hdu))]
                return _read_image(hdu, path)
    raise InputError(f"{path}: no spectrum in it")


def read_folder(folder: str | Path, medium: str) -> tuple[list[Template], list[str]]:
    """Read every template file of a folder (LAMOST 1D, Zhong-style, text), sorted by name.

    Parameters
    ----------
    folder : str or Path
    medium : {"air", "vacuum"}
        As for `read_template`.

    Returns
    -------
    templates : list of Template
    refused : list of str
        One message a file that could not be used.

    Raises
    ------
    InputError
        When there are no files.
    """
    folder = Path(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    if not files:
        raise InputError(f"{folder}: no template files")
    templates, refused = [], []
    for path in files:
        try:
            templates += read_template(path, medium)
        except InputError as error:
            refused.append(str(error))
    return templates, refused
