"""A file's spectrum as arrays: the known layouts read straight from bytes, and what every layout must prove.

Layouts
-------
image, up to DR8
    One HDU of 5 x N. Rows are flux, inverse variance, wavelength, andmask, ormask from pipeline v2.7.5 on. In v2.6.4
    (DR1) the third row is a sub-continuum, and wavelengths are 10**(COEFF0 + COEFF1 * i).
table, from DR9 on
    HDU 1 ``COADD``, one row of vectors FLUX, IVAR, WAVELENGTH, ANDMASK, ORMASK, NORMALIZATION. The empty primary HDU
    may carry stale NAXISn cards.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mstars.lamost import proof
from mstars.lamost.cards import UnusableSpectrum, header_length, number, split_cards, text
from mstars.lamost.header import header_values
from mstars.lamost.structure import primary_length, whole_number
from mstars.spectra.wavelengths import air_to_vacuum

COADD_COLUMNS = ("FLUX", "IVAR", "WAVELENGTH", "ORMASK")

_VECTOR = re.compile(r"(\d*)([EDJIBK])$")
_FITS_TYPES = {"E": ">f4", "D": ">f8", "J": ">i4", "I": ">i2", "B": "u1", "K": ">i8"}


@dataclass
class FileSpectrum:
    """One file's spectrum as it stands in the file.

    Attributes
    ----------
    values : dict
        Header values, see `mstars.lamost.header.HEADER_DTYPES`.
    layout : str
        ``subcontinuum``, ``image`` or ``coadd``.
    flux, ivar, ormask : ndarray, [m]
        In the file's own type and byte order, from the blue to the red.
    wavelength : ndarray, [m], or None
        Vacuum angstrom (converted where the file's are in air); None: 10**(loglam0 + dloglam * i).
    loglam0, dloglam : float
        COEFF0 and COEFF1; NaN where missing.
    frame : str
        Of the wavelengths, see `mstars.lamost.proof.frame_of`.
    """

    values: dict
    layout: str
    flux: np.ndarray
    ivar: np.ndarray
    ormask: np.ndarray
    wavelength: np.ndarray | None
    loglam0: float
    dloglam: float
    frame: str = "heliocentric"


def read_known_layout(data: bytes, filename: str) -> FileSpectrum | None:
    """The spectrum of a file in one of the known layouts; None for any other.

    Raises
    ------
    UnusableSpectrum
        No FITS file, truncated, or no spectrum that can be measured.
    """
    length = primary_length(data)
    get = split_cards(bytes(data[:length]))
    if get("BSCALE") is not None or get("BZERO") is not None:
        return None
    arrays = _coadd_arrays(data, length) if get("NAXIS") == 0 else _image_arrays(data, length, get)
    if arrays is None:
        return None
    return file_spectrum(get, filename, *arrays)


def _image_arrays(data: bytes, start: int, get: Callable):
    dtype = {-32: ">f4", -64: ">f8"}.get(get("BITPIX"))
    n_pixel, n_row = get("NAXIS1"), get("NAXIS2")
    sizes = whole_number(n_pixel, 1, 2**31) and whole_number(n_row, 0, 2**31)
    if dtype is None or get("NAXIS") != 2 or not sizes:
        return None
    check_rows(n_row)
    size = n_row * n_pixel * np.dtype(dtype).itemsize
    if len(data) < start + size:
        raise UnusableSpectrum(f"truncated: {len(data) - start} of {size} bytes of data")
    rows = np.frombuffer(data, dtype, n_row * n_pixel, start).reshape(n_row, n_pixel)
    return "image", rows[0], rows[1], rows[4], rows[2]


def _coadd_arrays(data: bytes, start: int):
    length = header_length(data, start)
    if not length or data[start : start + 20] != b"XTENSION= 'BINTABLE'":
        return None
    get = split_cards(bytes(data[start : start + length]))
    n_row, n_column = get("NAXIS2"), get("TFIELDS")
    if not whole_number(n_row, 0, 2**31) or not whole_number(n_column, 0, 999):
        return None
    columns, offset = {}, start + length
    for index in range(1, n_column + 1):
        form = _VECTOR.match(str(get(f"TFORM{index}")))
        if form is None or get(f"TSCAL{index}") is not None or get(f"TZERO{index}") is not None:
            return None
        dtype, count = _FITS_TYPES[form[2]], int(form[1] or 1)
        columns[str(get(f"TTYPE{index}")).upper()] = (dtype, count, offset)
        offset += count * np.dtype(dtype).itemsize
    if any(name not in columns for name in COADD_COLUMNS):
        return None
    proof.refuse_mrs_names([text(get("EXTNAME"))])
    if n_row != 1:
        raise UnusableSpectrum(f"wrong number of rows: the COADD table has {n_row}, expected 1")
    if len(data) < offset:
        raise UnusableSpectrum(f"truncated: {len(data) - start - length} of {offset - start - length} bytes of data")
    flux, ivar, wavelength, ormask = (np.frombuffer(data, *columns[name]) for name in COADD_COLUMNS)
    return "coadd", flux, ivar, ormask, wavelength


def check_rows(n_row: int) -> None:
    """Raise `UnusableSpectrum` for an image without five rows."""
    if n_row != 5:
        raise UnusableSpectrum(f"wrong number of rows: the image has {n_row}, expected 5")


def file_spectrum(
    get: Callable,
    filename: str,
    layout: str,
    flux: np.ndarray,
    ivar: np.ndarray,
    ormask: np.ndarray,
    third: np.ndarray,
) -> FileSpectrum:
    """A spectrum of its arrays and cards, once it has proved its wavelengths, resolution, medium and frame.

    Parameters
    ----------
    get : callable
        Value of a card, None where there is none.
    filename : str
        For the identity, where the cards tell none.
    layout : str
        ``image`` or ``coadd``.
    flux, ivar, ormask, third : ndarray, [m]
        ``third`` holds wavelengths, or a sub-continuum.

    Raises
    ------
    UnusableSpectrum
        With the reason.
    """
    if not len(flux) == len(ivar) == len(ormask) == len(third):
        raise UnusableSpectrum("columns of different lengths")
    if len(flux) < proof.LEAST_PIXELS:
        raise UnusableSpectrum(f"no usable flux: {len(flux)} pixels, at least {proof.LEAST_PIXELS} are needed")
    loglam0, dloglam = number(get("COEFF0")), number(get("COEFF1"))
    facts, wavelength = proof.facts_of(third), third
    if not facts.plain:
        wavelength = proof.mended_wavelengths(third, loglam0, dloglam)
        if wavelength is None:
            # pipeline v2.6.4: a sub-continuum stands where later versions have wavelengths
            layout = "subcontinuum" if layout == "image" else layout
            proof.check_wavelength_cards(get, len(flux))
        else:
            if wavelength[0] > wavelength[-1]:
                flux, ivar, ormask, wavelength = (row[::-1] for row in (flux, ivar, ormask, wavelength))
            facts = proof.facts_of(wavelength)
    if wavelength is not None:
        proof.refuse_medium_resolution(wavelength, facts.step)
    air, frame, factor = proof.in_air(get), *proof.frame_of(get)
    if wavelength is None and (air or factor != 1.0):
        wavelength = 10.0 ** (loglam0 + dloglam * np.arange(len(flux)))
    wavelength = air_to_vacuum(wavelength) if air else wavelength
    wavelength = np.asarray(wavelength, dtype=float) * factor if factor != 1.0 else wavelength
    values = header_values(get, filename)
    return FileSpectrum(values, layout, flux, ivar, ormask, wavelength, loglam0, dloglam, frame)
