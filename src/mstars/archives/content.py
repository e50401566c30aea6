"""Whether a file that was fetched is what was asked for, told from its content."""

from __future__ import annotations

import warnings
from pathlib import Path

from mstars.files.gzip_files import GZIP_ERRORS, read_whole_gzip
from mstars.lamost.cards import BLOCK

HTML = (b"<!doctype html", b"<html", b"<head", b"<body")
LOGIN_WORDS = (b"login", b"log in", b"sign in", b"password", b"token")
_HEAD = 4096
_GZIP = b"\x1f\x8b"


def is_page(head: bytes) -> bool:
    """Whether the first bytes are those of a web page."""
    return head.lstrip().lower().startswith(HTML)


def asks_for_login(head: bytes) -> bool:
    """Whether a web page asks who one is."""
    return any(word in head.lower() for word in LOGIN_WORDS)


def what_is_wrong(path: str | Path, kind: str) -> str:
    """Why a file is not what was asked for; empty where it is.

    Parameters
    ----------
    path : str or Path
    kind : {"fits", "hdf5", "table"}
        fits: FITS, gzipped or not; hdf5; table: a text table or any of those.

    Returns
    -------
    str
        A gzip file is read to its end and must be whole; a FITS file must be as long as its headers tell.
    """
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    if not head:
        return "it is empty"
    if is_page(head):
        return "a web page came instead of the file"
    gzipped = head.startswith(_GZIP)
    if gzipped:
        try:
            head = read_whole_gzip(path, _HEAD)
        except GZIP_ERRORS:
            return "its gzip stream is cut off or damaged"
    if kind == "fits" and not head.startswith(b"SIMPLE  ="):
        return "it is no FITS file"
    if kind == "hdf5" and not head.startswith(b"\x89HDF\r\n\x1a\n"):
        return "it is no HDF5 file"
    return _cut_off(path) if kind == "fits" and not gzipped else ""


def _cut_off(path: str | Path) -> str:
    """Why a FITS file is shorter than its headers tell; empty where it is not. The last block may lack its padding."""
    from astropy.io import fits  # here, since the workflow's start reads this module and fetches nothing

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with fits.open(path) as hdus:
                places = [hdu.fileinfo() for hdu in hdus]
    except (OSError, ValueError, fits.VerifyError):
        return "its FITS headers are cut off or damaged"
    told = max(place["datLoc"] + place["datSpan"] for place in places)
    size = Path(path).stat().st_size
    return "" if size > told - BLOCK else f"it is cut off: {size} of {told} bytes"
