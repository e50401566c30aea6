"""LAMOST FITS files, card by card as the releases have them, written fast."""

from __future__ import annotations

import functools
import struct
import zlib
from pathlib import Path

import numpy as np

from mstars.core.resources import resource, resource_rows
from mstars.lamost.cards import BLOCK
from mstars.spectra.wavelengths import DLOGLAM, LOGLAM0, N_PIXEL


@functools.cache
def _cards(layout: str) -> list[tuple[str, str, str, str]]:
    """(keyword, kind, constant value, comment) of the cards of a layout, in order."""
    rows = resource_rows(resource("lamost_cards.csv"))
    return [(row["keyword"], row["kind"], row["value"], row["comment"]) for row in rows if row["layout"] == layout]


def _card(keyword: str, kind: str, value, comment: str) -> str:
    if kind == "comment":
        return f"{keyword:<8}{value}".ljust(80)[:80]
    if kind == "s":
        text = f"'{str(value):<8}'"
        return f"{keyword:<8}= {text:<20} /{comment}".ljust(80)[:80]
    if kind.startswith("f") and not isinstance(value, str):
        value = f"{value:.{int(kind[1:])}f}"
    return f"{keyword:<8}= {value!s:>20} /{comment}".ljust(80)[:80]


def header_block(layout: str, values: dict) -> bytes:
    """The header of a layout.

    Parameters
    ----------
    layout : {"image", "coadd", "coadd_table"}
    values : dict
        By keyword: those of the cards that vary.

    Returns
    -------
    bytes
        Padded to whole blocks.
    """
    cards = [
        _card(keyword, kind, constant if constant != "" or kind == "comment" else values[keyword], comment)
        for keyword, kind, constant, comment in _cards(layout)
    ]
    text = "".join(cards) + "END".ljust(80)
    return text.ljust(-(-len(text) // BLOCK) * BLOCK).encode("ascii")


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % BLOCK)


@functools.cache
def _wavelength(pixels: int) -> np.ndarray:
    return (10.0 ** (LOGLAM0 + DLOGLAM * np.arange(pixels))).astype(">f4")


def normalisation(flux: np.ndarray) -> np.ndarray:
    """A stand-in for the pipeline's continuum-normalised spectrum: flux over its running mean.

    Parameters
    ----------
    flux : ndarray, [n, pixel]

    Returns
    -------
    ndarray of float32, [n, pixel]
    """
    window = 201
    sums = np.cumsum(np.pad(flux.astype(float), ((0, 0), (window // 2 + 1, window // 2)), mode="edge"), axis=1)
    mean = (sums[:, window:] - sums[:, :-window]) / window
    return np.where(np.abs(mean) > 1e-6, flux / np.where(mean == 0, 1.0, mean), 0.0).astype(np.float32)


def image_file(values: dict, flux, ivar, andmask, ormask) -> bytes:
    """A DR5 to DR8 file: one image of five rows (flux, inverse variance, wavelength, AND mask, OR mask).

    Parameters
    ----------
    values : dict
        As for `header_block`.
    flux, ivar, andmask, ormask : ndarray, [pixel]

    Returns
    -------
    bytes
    """
    pixels = flux.size
    data = np.stack([flux, ivar, _wavelength(pixels), andmask, ormask]).astype(">f4")
    return header_block("image", {**values, "NAXIS1": pixels}) + _padded(data.tobytes())


def coadd_file(values: dict, flux, ivar, andmask, ormask, normalised) -> bytes:
    """A file as of DR9 on: an empty primary HDU and a table of one row of vectors.

    Parameters
    ----------
    values, flux, ivar, andmask, ormask
        As for `image_file`.
    normalised : ndarray, [pixel]

    Returns
    -------
    bytes
    """
    pixels = flux.size
    data = np.stack([flux, ivar, _wavelength(pixels), andmask, ormask, normalised]).astype(">f4")
    form = {f"TFORM{column}": f"{pixels}E" for column in range(1, 7)}
    table = header_block("coadd_table", {"NAXIS1": 24 * pixels, **form})
    return header_block("coadd", {**values, "NAXIS1": pixels}) + table + _padded(data.tobytes())


def gzipped(data: bytes, name: str) -> bytes:
    """gzip of some bytes without a time stamp: same data, same bytes.

    Parameters
    ----------
    data : bytes
    name : str
        File name in the gzip header.

    Returns
    -------
    bytes
    """
    head = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + name.encode("ascii") + b"\0"
    tail = struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
    return head + _deflate(data) + tail


def _deflate(data: bytes) -> bytes:
    try:
        from isal import isal_zlib

        compressor = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -15)
    except ImportError:
        compressor = zlib.compressobj(1, zlib.DEFLATED, -15)
    return compressor.compress(data) + compressor.flush()


def path_of(obsdate: str, planid: str, filename: str) -> Path:
    """Where a release keeps a file: ``{obsdate}/{planid}/spec-….fits.gz``.

    Parameters
    ----------
    obsdate, planid, filename : str

    Returns
    -------
    Path
        Relative.
    """
    return Path(obsdate.replace("-", "")) / planid / filename


def pixels_of(layout: str, fiber: int) -> int:
    """Length of a spectrum: 3904 to 3909 pixels; tables of the newer pipeline have 3908 or 3909.

    Parameters
    ----------
    layout : {"image", "coadd"}
    fiber : int

    Returns
    -------
    int
    """
    return N_PIXEL - (fiber % 6 if layout == "image" and fiber % 3 == 0 else fiber % 2 if layout == "coadd" else 0)
