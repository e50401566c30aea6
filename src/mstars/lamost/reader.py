"""Spectra from LAMOST files of every layout, gzipped or not.

Layouts
-------
image, up to DR8
    One HDU of 5 x N. Rows are flux, inverse variance, wavelength, andmask, ormask from pipeline v2.7.5 on. In v2.6.4
    (DR1) the third row is a sub-continuum, and wavelengths are 10**(COEFF0 + COEFF1 * i).
table, from DR9 on
    HDU 1 ``COADD``, one row of vectors FLUX, IVAR, WAVELENGTH, ANDMASK, ORMASK, NORMALIZATION. The empty primary HDU
    may carry stale NAXISn cards.

The known layouts are read straight from bytes; any other goes to astropy, which is also the oracle of the tests.
"""

from __future__ import annotations

import gzip
import io
import re
import warnings
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import deflate
import numpy as np

from mstars.lamost.archive import read_bytes
from mstars.lamost.cards import BLOCK, UnusableSpectrum, header_length, header_values, split_cards
from mstars.spectra.wavelengths import DLOGLAM, LOGLAM0, N_PIXEL, air_to_vacuum, lamost_wavelength

GRID_TOLERANCE = 0.005
"""A spectrum within this many pixels of the common grid (0.35 km/s) is taken as it is; any other is resampled."""

_GZIP = b"\x1f\x8b"
_GRID = lamost_wavelength()
_HEAD_BYTES = 10 * BLOCK
_MOST_BYTES = 2**22
_NO_MASK = bytes(8 * N_PIXEL)
_COADD_COLUMNS = ("FLUX", "IVAR", "WAVELENGTH", "ORMASK")
_VECTOR = re.compile(r"(\d*)([EDJIBK])$")
_FITS_TYPES = {"E": ">f4", "D": ">f8", "J": ">i4", "I": ">i2", "B": "u1", "K": ">i8"}
_SEEN: deque = deque(maxlen=8)
_GZIP_ERRORS = (EOFError, OSError, zlib.error)


@dataclass
class FileSpectrum:
    """One file's spectrum as it stands in the file.

    Attributes
    ----------
    values : dict
        Header values, see `mstars.lamost.cards.HEADER_DTYPES`.
    layout : str
        ``subcontinuum``, ``image`` or ``coadd``.
    flux, ivar, ormask : ndarray, [m]
        In the file's own type and byte order.
    wavelength : ndarray, [m], or None
        Vacuum angstrom (converted where the file's are in air: VACUUM = F); None: 10**(loglam0 + dloglam * i).
    loglam0, dloglam : float
        COEFF0 and COEFF1; NaN where missing.
    """

    values: dict
    layout: str
    flux: np.ndarray
    ivar: np.ndarray
    ormask: np.ndarray
    wavelength: np.ndarray | None
    loglam0: float
    dloglam: float


def read_spectrum(path: str | Path, filename: str | None = None) -> FileSpectrum:
    """Read a LAMOST spectrum.

    Parameters
    ----------
    path : str or Path
        The file.
    filename : str, optional
        The name to keep, by default the path's last part.

    Raises
    ------
    UnusableSpectrum
        With the reason: truncated, not FITS, wrong number of rows, no identity, no wavelengths, ...
    """
    filename = filename or Path(path).name
    data = decompress(read_bytes(path))
    return spectrum_of_bytes(data, filename)


def spectrum_of_bytes(data: bytes, filename: str) -> FileSpectrum:
    """As `read_spectrum`, from the bytes of an uncompressed FITS file."""
    found = _read_fast(data, filename)
    return read_with_astropy(data, filename) if found is None else found


def read_header(path: str | Path) -> dict:
    """Header values alone (see `header_values`); of a gzipped file only the beginning is inflated."""
    path = Path(path)
    head = read_bytes(path, _HEAD_BYTES)
    if head[:2] == _GZIP:
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, _HEAD_BYTES)
        except _GZIP_ERRORS:
            raise UnusableSpectrum("truncated or damaged gzip") from None
    length = header_length(head)
    if not length:
        head = decompress(read_bytes(path))
        length = _primary_length(head)
    if head[:9] != b"SIMPLE  =":
        raise UnusableSpectrum("not a FITS file")
    return header_values(split_cards(head[:length]), path.name)


def decompress(data: bytes) -> bytes | bytearray:
    """Inflate gzipped bytes, their checksum tested; others pass unchanged."""
    if data[:2] != _GZIP:
        return data
    # the last four bytes tell the length; a buffer of that size is filled in one go
    length = int.from_bytes(data[-4:], "little")
    if length <= _MOST_BYTES:
        try:
            return deflate.gzip_decompress(data, length)
        except (deflate.DeflateError, ValueError):
            pass  # damaged, or of several members
    try:
        return gzip.decompress(data)
    except _GZIP_ERRORS:
        raise UnusableSpectrum("truncated or damaged gzip") from None


def _primary_length(data: bytes) -> int:
    """Length of the primary header."""
    if data[:9] != b"SIMPLE  =":
        raise UnusableSpectrum("empty file" if not data else "not a FITS file")
    length = header_length(data)
    if not length:
        raise UnusableSpectrum("truncated: the FITS header has no END")
    return length


def _read_fast(data: bytes, filename: str) -> FileSpectrum | None:
    """The known layouts; None for any other."""
    length = _primary_length(data)
    get = split_cards(bytes(data[:length]))
    if get("BSCALE") is not None or get("BZERO") is not None:
        return None
    arrays = _coadd_arrays(data, length) if get("NAXIS") == 0 else _image_arrays(data, length, get)
    if arrays is None:
        return None
    return _file_spectrum(get, filename, *arrays)


def _image_arrays(data: bytes, start: int, get: Callable):
    dtype = {-32: ">f4", -64: ">f8"}.get(get("BITPIX"))
    n_pixel, n_row = get("NAXIS1"), get("NAXIS2")
    if dtype is None or get("NAXIS") != 2 or not isinstance(n_pixel, int) or not isinstance(n_row, int):
        return None
    _check_rows(n_row)
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
    if not isinstance(n_row, int) or not isinstance(n_column, int):
        return None
    columns, offset = {}, start + length
    for number in range(1, n_column + 1):
        form = _VECTOR.match(str(get(f"TFORM{number}")))
        if form is None or get(f"TSCAL{number}") is not None or get(f"TZERO{number}") is not None:
            return None
        dtype, count = _FITS_TYPES[form[2]], int(form[1] or 1)
        columns[str(get(f"TTYPE{number}")).upper()] = (dtype, count, offset)
        offset += count * np.dtype(dtype).itemsize
    if any(name not in columns for name in _COADD_COLUMNS):
        return None
    if n_row != 1:
        raise UnusableSpectrum(f"wrong number of rows: the COADD table has {n_row}, expected 1")
    if len(data) < offset:
        raise UnusableSpectrum(f"truncated: {len(data) - start - length} of {offset - start - length} bytes of data")
    flux, ivar, wavelength, ormask = (np.frombuffer(data, *columns[name]) for name in _COADD_COLUMNS)
    return "coadd", flux, ivar, ormask, wavelength


def _check_rows(n_row: int) -> None:
    if n_row != 5:
        raise UnusableSpectrum(f"wrong number of rows: the image has {n_row}, expected 5")


def _file_spectrum(get, filename, layout, flux, ivar, ormask, third) -> FileSpectrum:
    if not len(flux) == len(ivar) == len(ormask) == len(third):
        raise UnusableSpectrum("columns of different lengths")
    loglam0, dloglam = (
        float(value) if isinstance(value, int | float) else np.nan for value in (get("COEFF0"), get("COEFF1"))
    )
    wavelength = third
    if not _facts_of(third).ascending:
        # pipeline v2.6.4: a sub-continuum stands where later versions have wavelengths
        layout, wavelength = ("subcontinuum" if layout == "image" else layout), None
        if not (np.isfinite(loglam0) and np.isfinite(dloglam) and dloglam > 0):
            raise UnusableSpectrum("no wavelengths: neither a wavelength row nor COEFF0 and COEFF1")
    if get("VACUUM") is False:
        if wavelength is None:
            wavelength = 10.0 ** (loglam0 + dloglam * np.arange(len(flux)))
        wavelength = air_to_vacuum(wavelength)
    values = header_values(get, filename)
    return FileSpectrum(values, layout, flux, ivar, ormask, wavelength, loglam0, dloglam)


@dataclass(frozen=True)
class _Wavelengths:
    """What is asked of wavelengths: do they ascend within the optical, and where on the common grid are they."""

    ascending: bool
    offset: int | None


def _facts_of(row: np.ndarray) -> _Wavelengths:
    """Facts of a wavelength row. The files of a plate have a few rows between them: those seen last are remembered."""
    raw, kind = row.tobytes(), row.dtype.str
    for known, of_kind, facts in _SEEN:
        if known == raw and of_kind == kind:
            return facts
    row = row.astype(row.dtype.newbyteorder("="))
    ascending = bool(len(row) >= 2 and 2500.0 < row[0] < row[-1] < 12000.0 and (row[1:] > row[:-1]).all())
    facts = _Wavelengths(ascending, _offset_of(row) if ascending else None)
    if ascending:
        _SEEN.appendleft((raw, kind, facts))
    return facts


def _offset_of(wavelength: np.ndarray) -> int | None:
    """Pixel of the common grid that the first pixel falls on; None for wavelengths off the grid."""
    n = len(wavelength)
    offset = round(float((np.log10(float(wavelength[0])) - LOGLAM0) / DLOGLAM))
    if 0 <= offset and offset + n <= N_PIXEL:
        expected = _GRID[offset : offset + n]
    else:
        expected = 10.0 ** (LOGLAM0 + DLOGLAM * (offset + np.arange(n)))
    deviation = np.abs(wavelength - expected) / expected
    return offset if deviation.max() < GRID_TOLERANCE * DLOGLAM * np.log(10.0) else None


def read_with_astropy(data: bytes, filename: str) -> FileSpectrum:
    """The same as the fast reader, by astropy: slower, and it understands any FITS file."""
    from astropy.io import fits

    _primary_length(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with fits.open(io.BytesIO(data), memmap=False) as hdus:
                arrays = _astropy_arrays(hdus)
                header = hdus[0].header
    except UnusableSpectrum:
        raise
    except Exception as error:  # a damaged file may raise anything from within astropy
        raise UnusableSpectrum(f"damaged FITS file: {str(error).splitlines()[0] if str(error) else error!r}") from None

    def get(keyword):
        try:
            value = header.get(keyword)
        except Exception:  # a card that astropy can't parse
            return None
        return value if isinstance(value, str | bool | int | float) else None

    return _file_spectrum(get, filename, *arrays)


def _astropy_arrays(hdus):
    if hdus[0].data is not None:
        rows = np.asarray(hdus[0].data)
        _check_rows(len(rows) if rows.ndim == 2 else 1)
        return "image", rows[0], rows[1], rows[4], rows[2]
    for hdu in hdus[1:]:
        names = [name.upper() for name in getattr(getattr(hdu, "columns", None), "names", [])]
        if all(name in names for name in _COADD_COLUMNS):
            if len(hdu.data) != 1:
                raise UnusableSpectrum(f"wrong number of rows: the COADD table has {len(hdu.data)}, expected 1")
            flux, ivar, wavelength, ormask = (np.atleast_1d(hdu.data[name][0]) for name in _COADD_COLUMNS)
            return "coadd", flux, ivar, ormask, wavelength
    raise UnusableSpectrum("no spectrum: neither an image nor a table with FLUX, IVAR, WAVELENGTH and ORMASK")


def place_on_grid(spectrum: FileSpectrum, flux: np.ndarray, ivar: np.ndarray, ormask: np.ndarray) -> bool:
    """Write a spectrum into rows of the common grid.

    Parameters
    ----------
    spectrum : FileSpectrum
        What a file holds.
    flux, ivar : ndarray of float32, [N_PIXEL]
        Rows of zeros, filled in place; pixels that the file does not cover stay 0.
    ormask : ndarray of uint8, [N_PIXEL]
        Likewise; values above 255 become 255.

    Returns
    -------
    bool
        Whether the spectrum had to be resampled, being off the grid by more than `GRID_TOLERANCE` pixels.

    Raises
    ------
    UnusableSpectrum
        The wavelengths don't overlap with the grid.
    """
    n = len(spectrum.flux)
    offset = _grid_offset(spectrum, n)
    if offset is None:
        _resample(spectrum, flux, ivar, ormask)
        return True
    first, last = max(0, -offset), min(n, N_PIXEL - offset)
    if first >= last:
        raise UnusableSpectrum("wavelengths outside 3700-9098 A")
    here, there = slice(first + offset, last + offset), slice(first, last)
    flux[here] = spectrum.flux[there]
    ivar[here] = spectrum.ivar[there]
    ormask[here] = _mask_bytes(spectrum.ormask[there])
    return False


def _mask_bytes(ormask: np.ndarray) -> np.ndarray:
    if _NO_MASK.startswith(ormask.tobytes()):
        return np.zeros(len(ormask), np.uint8)
    if ormask.dtype.kind == "f":
        # not-a-number in a mask row is a bad pixel
        ormask = np.where(np.isfinite(ormask), np.abs(ormask), 255.0)
        return np.minimum(np.ceil(ormask), 255.0).astype(np.uint8)
    return np.clip(ormask, 0, 255).astype(np.uint8)


def _grid_offset(spectrum: FileSpectrum, n: int) -> int | None:
    """Pixel of the common grid that the first pixel falls on; None for a spectrum off the grid."""
    if spectrum.wavelength is None:
        position = (spectrum.loglam0 - LOGLAM0) / DLOGLAM
        drift = (spectrum.dloglam / DLOGLAM - 1.0) * n
        near = abs(position - round(position)) + abs(drift) < GRID_TOLERANCE
        return round(position) if near else None
    return _facts_of(spectrum.wavelength).offset


def _resample(spectrum: FileSpectrum, flux: np.ndarray, ivar: np.ndarray, ormask: np.ndarray) -> None:
    """Linear interpolation onto the grid; the variance goes along, and a bad neighbour makes a bad pixel."""
    wavelength = spectrum.wavelength
    if wavelength is None:
        wavelength = 10.0 ** (spectrum.loglam0 + spectrum.dloglam * np.arange(len(spectrum.flux)))
    wavelength = np.asarray(wavelength, dtype=np.float64)
    inside = (wavelength[0] <= _GRID) & (wavelength[-1] >= _GRID)
    if not inside.any():
        raise UnusableSpectrum("wavelengths outside 3700-9098 A")
    right = np.clip(np.searchsorted(wavelength, _GRID[inside]), 1, len(wavelength) - 1)
    left = right - 1
    weight = (_GRID[inside] - wavelength[left]) / (wavelength[right] - wavelength[left])
    source_flux = np.asarray(spectrum.flux, dtype=np.float64)
    source_ivar = np.asarray(spectrum.ivar, dtype=np.float64)
    source_mask = _mask_bytes(np.asarray(spectrum.ormask))
    usable = np.isfinite(source_flux) & np.isfinite(source_ivar) & (source_ivar > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (1 - weight) ** 2 / source_ivar[left] + weight**2 / source_ivar[right]
        value = (1 - weight) * source_flux[left] + weight * source_flux[right]
        good = usable[left] & usable[right] & (variance > 0)
        flux[inside] = np.where(np.isfinite(value), value, 0.0)
        ivar[inside] = np.where(good, 1.0 / np.where(good, variance, 1.0), 0.0)
    ormask[inside] = source_mask[left] | source_mask[right]
