"""Spectra from LAMOST files of every layout, compressed or not, loose or in an archive."""

from __future__ import annotations

from pathlib import Path

from mstars.lamost.archive import read_bytes
from mstars.lamost.cards import BLOCK, UnusableSpectrum, header_length, split_cards
from mstars.lamost.compression import beginning, decompress, is_compressed
from mstars.lamost.header import header_values, identity_of_header
from mstars.lamost.layouts import FileSpectrum, read_known_layout
from mstars.lamost.with_astropy import read_with_astropy

_HEAD_BYTES = 10 * BLOCK


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
    return spectrum_of_bytes(decompress(read_bytes(path)), filename)


def spectrum_of_bytes(data: bytes, filename: str) -> FileSpectrum:
    """As `read_spectrum`, from the bytes of an uncompressed FITS file."""
    found = read_known_layout(data, filename)
    return read_with_astropy(data, filename) if found is None else found


def read_header(path: str | Path) -> dict:
    """Header values alone (see `header_values`); of a gzipped file only the beginning is inflated.

    Raises
    ------
    UnusableSpectrum
        With the reason.
    """
    path = Path(path)
    head = beginning(read_bytes(path, _HEAD_BYTES), _HEAD_BYTES)
    length = header_length(head)
    if length and head[:9] == b"SIMPLE  =":
        get = split_cards(head[:length])
        # an empty primary header: the cards stand in an extension, as in compressed images
        if get("NAXIS") != 0 or identity_of_header(get):
            return header_values(get, path.name)
    elif head and length and not is_compressed(head):
        raise UnusableSpectrum("not a FITS file")
    return read_spectrum(path).values
