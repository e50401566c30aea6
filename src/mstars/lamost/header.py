"""What the pipeline keeps of a LAMOST header: identity, place, day, class, redshift and S/N."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pandas as pd

from mstars.core.bands import BANDS
from mstars.core.snr import SNR
from mstars.files.identifiers import LARGEST_INT64
from mstars.files.values import sexagesimal
from mstars.lamost.cards import UnusableSpectrum, integer, number, text
from mstars.lamost.dates import observation_day
from mstars.lamost.names import Identity, identity_of_name, is_identity

SNR_CARDS = {band: (f"SNR{band.upper()}", f"SN_{band.upper()}") for band in BANDS}
"""S/N is in SNRU... from pipeline v2.9 on and in SN_U... up to v2.7.5."""

HEADER_DTYPES = {
    "spectrum_key": "str", "obsid": "Int64", "filename": "str",
    "lmjd": "int64", "mjd": "Int64", "planid": "str", "spid": "int64", "fiberid": "int64",
    "date_obs": "str", "obsdate": "str", "ra_obs": "float64", "dec_obs": "float64", "ra": "float64", "dec": "float64",
    **dict.fromkeys(SNR, "float64"),
    "class": "str", "subclass": "str", "z": "float64", "z_err": "float64", "helio_rv": "float64",
    "pipeline": "str", "release": "str", "written": "str",
}  # fmt: skip
"""Columns and types of the header values of spectra. z = -9999 stays as LAMOST writes it; blanks are NaN or null."""

_PLACES = (("RA", "DEC"), ("RA_OBS", "DEC_OBS"), ("OBS_RA", "OBS_DEC"))
_OBSERVED = (*_PLACES[1:], _PLACES[0])


def identity_of_header(get: Callable) -> Identity | None:
    """Identity from the cards LMJD, PLANID, SPID, FIBERID (which may be strings), or None when one is unusable."""
    identity = Identity(integer(get("LMJD")), text(get("PLANID")), integer(get("SPID")), integer(get("FIBERID")))
    return identity if is_identity(*identity) else None


def header_values(get: Callable, filename: str) -> dict:
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
        Neither header nor file name identify the spectrum, or OBSID is no 64-bit integer.
    """
    identity = identity_of_header(get) or identity_of_name(filename)
    if identity is None:
        told = ", ".join(f"{name} {_shown(get(name))}" for name in ("LMJD", "PLANID", "SPID", "FIBERID"))
        raise UnusableSpectrum(f"no identity: {told}, and the file is not named spec-...")
    ra, dec = _coordinates(get, _PLACES)
    ra_obs, dec_obs = _coordinates(get, _OBSERVED)
    mjd = integer(get("MJD"))
    date_obs = text(get("DATE-OBS"))
    return {
        "spectrum_key": identity.spectrum_key,
        "obsid": _obsid(get("OBSID")),
        "filename": filename,
        "lmjd": identity.lmjd,
        "mjd": mjd,
        "planid": identity.planid,
        "spid": identity.spid,
        "fiberid": identity.fiberid,
        "date_obs": date_obs,
        "obsdate": observation_day(date_obs, mjd, identity.lmjd),
        "ra_obs": ra_obs,
        "dec_obs": dec_obs,
        "ra": ra,
        "dec": dec,
        **{f"snr{band}": _first_number(get, names) for band, names in SNR_CARDS.items()},
        "class": text(get("CLASS")),
        "subclass": text(get("SUBCLASS")),
        "z": number(get("Z")),
        "z_err": number(get("Z_ERR")),
        "helio_rv": number(get("HELIO_RV")),
        "pipeline": text(get("VERSPIPE")),
        "release": text(get("DATA_V")),
        "written": text(get("DATE")),
    }


def _shown(value) -> str:
    return "missing" if value is None or value == "" else repr(text(value)[:30])


def _obsid(value) -> int | None:
    """OBSID; None where it is missing, zero, negative, text, or a rounded number such as 1.24E9."""
    digits = str(value).strip() if isinstance(value, int | str) else ""
    if digits.isdecimal() and int(digits) > LARGEST_INT64:
        raise UnusableSpectrum(f"OBSID {digits} is no 64-bit integer; correct the header")
    obsid = integer(value)
    rounded = type(value) is not int and not digits.isdecimal() and obsid is not None and obsid % 1000 == 0
    return obsid if obsid is not None and obsid > 0 and not rounded else None


def _first_number(get: Callable, names: tuple[str, ...]) -> float:
    for name in names:
        value = get(name)
        if value is not None and value != "":
            return number(value)
    return math.nan


def _coordinates(get: Callable, pairs: tuple[tuple[str, str], ...]) -> tuple[float, float]:
    """Right ascension and declination (degrees) of the first pair of cards that tells both; else of the first there."""
    found = (math.nan, math.nan)
    for names in pairs:
        ra, dec = _degrees(get(names[0]), 15.0), _degrees(get(names[1]), 1.0)
        if 0.0 <= ra <= 360.0 and -90.0 <= dec <= 90.0 and (ra, dec) != (0.0, 0.0):  # which stands for none
            return ra, dec
        if math.isnan(found[0]):
            found = (ra, dec)
    return found


def _degrees(value, per_unit: float) -> float:
    """A coordinate in degrees: a number is one, text such as ``02:51:54.1`` is in units of ``per_unit`` degrees."""
    angle = sexagesimal(value, per_unit) if isinstance(value, str) else None
    return number(value) if angle is None else angle


def header_table(rows: list[dict], extra: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Rows of `header_values` as a table with fixed column types (also when empty); ``extra`` adds columns."""
    dtypes = {**HEADER_DTYPES, **(extra or {})}
    return pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)
