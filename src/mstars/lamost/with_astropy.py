"""Files of other layouts than the known ones, by astropy: scaled integers, compressed images, images in an extension.

Slower than `mstars.lamost.layouts`, which it is the oracle of in the tests.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np

from mstars.lamost.cards import UnusableSpectrum, text
from mstars.lamost.layouts import COADD_COLUMNS, FileSpectrum, check_rows, file_spectrum
from mstars.lamost.proof import refuse_mrs_names
from mstars.lamost.structure import check_tables, iter_hdus


def read_with_astropy(data: bytes, filename: str) -> FileSpectrum:
    """The same as `mstars.lamost.layouts.read_known_layout`, for any FITS file.

    Raises
    ------
    UnusableSpectrum
        With the reason.
    """
    from astropy.io import fits

    hdus = list(iter_hdus(data))
    check_tables(hdus)
    refuse_mrs_names(text(hdu.get("EXTNAME")) for hdu in hdus[1:])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with fits.open(io.BytesIO(data), memmap=False) as opened:
                number, arrays = _arrays(opened)
                headers = [opened[0].header, opened[number].header]
    except UnusableSpectrum:
        raise
    except Exception as error:  # a damaged file may raise anything from within astropy
        raise UnusableSpectrum(f"damaged FITS file: {_one_line(error)}") from None
    return file_spectrum(_cards(headers), filename, *arrays)


def _one_line(error: Exception) -> str:
    said = str(error).splitlines()
    return text(said[0])[:200] if said else type(error).__name__


def _cards(headers: list) -> Callable:
    def get(keyword):
        for header in headers:
            try:
                value = header.get(keyword)
            except Exception:  # a card that astropy can't parse
                continue
            if isinstance(value, str | bool | int | float):
                return value
        return None

    return get


def _arrays(opened) -> tuple[int, tuple]:
    """Number of the HDU with the spectrum, and its layout, flux, ivar, ormask and wavelengths."""
    found = ""
    for number, hdu in enumerate(opened):
        if hdu.is_image:
            if hdu.data is None or hdu.data.ndim == 0:
                continue
            rows = np.asarray(hdu.data)
            if number and (rows.ndim != 2 or len(rows) != 5):
                found = f"; HDU {number} is an image of {' x '.join(map(str, rows.shape))}"
                continue
            check_rows(len(rows) if rows.ndim == 2 else 1)
            return number, ("image", rows[0], rows[1], rows[4], rows[2])
        names = [name.upper() for name in getattr(getattr(hdu, "columns", None), "names", [])]
        if all(name in names for name in COADD_COLUMNS):
            if len(hdu.data) != 1:
                raise UnusableSpectrum(f"wrong number of rows: the COADD table has {len(hdu.data)}, expected 1")
            flux, ivar, wavelength, ormask = (np.atleast_1d(hdu.data[name][0]) for name in COADD_COLUMNS)
            return number, ("coadd", flux, ivar, ormask, wavelength)
    raise UnusableSpectrum(f"no spectrum: neither an image nor a table with {', '.join(COADD_COLUMNS)}{found}")
