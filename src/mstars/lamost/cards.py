"""FITS headers read straight from bytes: the few cards a LAMOST spectrum needs, without HDU objects."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from mstars.lamost.names import Identity, identity_of_name

BLOCK = 2880
_END = b"END" + b" " * 77

SNR_CARDS = {band: (f"SNR{band.upper()}", f"SN_{band.upper()}") for band in "ugriz"}
"""S/N is in SNRU... from pipeline v2.9 on and in SN_U... up to v2.7.5."""

HEADER_DTYPES = {
    "spectrum_key": "str", "obsid": "Int64", "filename": "str",
    "lmjd": "int64", "mjd": "Int64", "planid": "str", "spid": "int64", "fiberid": "int64",
    "date_obs": "str", "obsdate": "str", "ra_obs": "float64", "dec_obs": "float64", "ra": "float64", "dec": "float64",
    "snru": "float64", "snrg": "float64", "snrr": "float64", "snri": "float64", "snrz": "float64",
    "class": "str", "subclass": "str", "z": "float64", "z_err": "float64", "helio_rv": "float64",
    "pipeline": "str", "release": "str", "written": "str",
}  # fmt: skip
"""Columns and types of the header values of spectra. z = -9999 stays as LAMOST writes it; blanks are NaN or null."""


class UnusableSpectrum(Exception):
    """A file that can't become a spectrum; the message is the reason that its `rejected` row gives."""


def header_length(data: bytes, start: int = 0) -> int:
    """Bytes from ``start`` to the end of the header's last block; 0 when its END card is not in ``data``."""
    end = data.find(_END, start)
    while end >= 0 and (end - start) % 80:
        end = data.find(_END, end + 1)
    return 0 if end < 0 else -(-(end + 80 - start) // BLOCK) * BLOCK


def split_cards(header: bytes) -> Callable[[str], str | bool | int | float | None]:
    """Values of a header's cards: a function of the keyword that parses only what is asked for.

    Of a repeated keyword the first is given, as astropy does; None where it is missing, blank or unreadable.
    """
    start = _starts(np.frombuffer(header, np.uint64, count=len(header) // 80 * 10)[::10].tobytes())

    def get(keyword: str):
        at = start.get(keyword)
        return None if at is None else _card_value(header[at : at + 72])

    return get


@functools.lru_cache(maxsize=256)
def _starts(names: bytes) -> dict[str, int]:
    """Where the values begin, by keyword; the files of a plate have the same keywords in the same order."""
    keywords = [names[at : at + 8].decode("ascii", "replace").rstrip(" ") for at in range(0, len(names), 8)]
    # from the last to the first, so that the first of a repeated keyword stays
    return {keyword: 80 * number + 8 for number, keyword in reversed(list(enumerate(keywords)))}


@functools.lru_cache(maxsize=512)  # half of a file's cards are those of the files before it
def _card_value(raw: bytes) -> str | bool | int | float | None:
    if raw[:1] != b"=":
        return None
    raw = raw[1:].lstrip()
    if raw[:1] == b"'":
        return _quoted(raw.decode("ascii", "replace"))
    raw = raw.partition(b"/")[0].rstrip()
    if raw in (b"T", b"F"):
        return raw == b"T"
    try:
        return float(raw) if b"." in raw else int(raw)
    except ValueError:
        pass
    try:
        return float(raw.replace(b"D", b"E"))
    except ValueError:
        return None


def _quoted(text: str) -> str:
    end = text.find("'", 1)
    if text[end + 1 : end + 2] != "'":
        return text[1 : end if end >= 0 else None].rstrip()
    while end >= 0 and text[end + 1 : end + 2] == "'":
        end = text.find("'", end + 2)
    return text[1 : end if end >= 0 else None].replace("''", "'").rstrip()


def _number(value) -> float:
    if type(value) is float:
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _integer(value) -> int | None:
    if type(value) is int:
        return value
    number = _number(value)
    return int(number) if math.isfinite(number) and number == int(number) else None


def _text(value) -> str:
    return "" if value is None else str(value).strip()


def identity_of_header(get) -> Identity | None:
    """Identity from the cards LMJD, PLANID, SPID, FIBERID (which may be strings), or None when one is unusable."""
    lmjd, spid, fiberid = (_integer(get(name)) for name in ("LMJD", "SPID", "FIBERID"))
    planid = _text(get("PLANID"))
    if lmjd is None or spid is None or fiberid is None or not planid:
        return None
    return Identity(lmjd, planid, spid, fiberid)


def header_values(get, filename: str) -> dict:
    """What the pipeline keeps of a header, as a row with the columns of `HEADER_DTYPES`.

    Parameters
    ----------
    get : callable
        Value of a keyword, None where there is none.
    filename : str
        Name of the file: it tells the identity where the header does not.

    Raises
    ------
    UnusableSpectrum
        Neither header nor file name identify the spectrum.
    """
    identity = identity_of_header(get) or identity_of_name(filename)
    if identity is None:
        raise UnusableSpectrum("no identity: LMJD, PLANID, SPID or FIBERID missing and the file is not named spec-...")

    def first(*names):
        for name in names:
            value = get(name)
            if value is not None and value != "":
                return value if type(value) is float else _number(value)
        return math.nan

    date_obs = _text(get("DATE-OBS"))
    obsid = _integer(get("OBSID"))
    return {
        "spectrum_key": identity.spectrum_key,
        "obsid": obsid if obsid is not None and obsid > 0 else None,
        "filename": filename,
        "lmjd": identity.lmjd,
        "mjd": _integer(get("MJD")),
        "planid": identity.planid,
        "spid": identity.spid,
        "fiberid": identity.fiberid,
        "date_obs": date_obs,
        "obsdate": date_obs[:10],
        "ra_obs": first("RA_OBS", "OBS_RA", "RA"),
        "dec_obs": first("DEC_OBS", "OBS_DEC", "DEC"),
        "ra": first("RA", "RA_OBS", "OBS_RA"),
        "dec": first("DEC", "DEC_OBS", "OBS_DEC"),
        **{f"snr{band}": first(*names) for band, names in SNR_CARDS.items()},
        "class": _text(get("CLASS")),
        "subclass": _text(get("SUBCLASS")),
        "z": _number(get("Z")),
        "z_err": _number(get("Z_ERR")),
        "helio_rv": _number(get("HELIO_RV")),
        "pipeline": _text(get("VERSPIPE")),
        "release": _text(get("DATA_V")),
        "written": _text(get("DATE")),
    }


def header_table(rows: list[dict], extra: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Rows of `header_values` as a table with fixed column types (also when empty); ``extra`` adds columns."""
    dtypes = {**HEADER_DTYPES, **(extra or {})}
    return pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)
