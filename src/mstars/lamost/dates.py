"""The day of an observation, from every form in which headers and catalogues write it, or from a Julian day."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd

MJD_ZERO = 678576
"""Proleptic Gregorian ordinal of the day MJD 0 (1858-11-17)."""

FIRST, LAST = "2008-01-01", "2100-01-01"
"""LAMOST's first light was in 2008: days before are no observation's."""

_FIRST, _LAST = (date.fromisoformat(day).toordinal() for day in (FIRST, LAST))
_NEAR_DAYS = 3
_MONTHS = {name: n for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_FORMS = (
    (re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)"), ("1", "3", "4")),
    (re.compile(r"(\d{4})(\d\d)(\d\d)(?:$|[T ])"), ("1", "2", "3")),
    (re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)"), ("4", "3", "1")),
    (re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)"), ("4", "1", "3")),
    (re.compile(r"(\d\d)([-/.])(\d\d)\2(\d\d)(?!\d)"), ("4", "3", "1")),
    (re.compile(r"(\d\d)([-/.])(\d\d)\2(\d\d)(?!\d)"), ("4", "1", "3")),
    (re.compile(r"(\d\d)([-/.])(\d\d)\2(\d\d)(?!\d)"), ("1", "3", "4")),
    (re.compile(r"(\d{1,2})[- ]?([A-Za-z]{3})[A-Za-z]*[-, ]+(\d{4})(?!\d)"), ("3", "2", "1")),
    (re.compile(r"(\d{4})[- ]?([A-Za-z]{3})[A-Za-z]*[- ]+(\d{1,2})(?!\d)"), ("1", "2", "3")),
    (re.compile(r"()([A-Za-z]{3})[A-Za-z]*[. ]+(\d{1,2}),?[ ]+(\d{4})(?!\d)"), ("4", "2", "3")),
)
"""Patterns and the groups of year, month and day. Day before month goes first, as in the FITS standard's old form."""
_JULIAN = re.compile(r"(24\d{5}|\d{5})(?:\.\d*)?$")


def observation_day(text: str, mjd: float | None = None, lmjd: float | None = None) -> str:
    """Day of an observation (UT) as ``YYYY-MM-DD``.

    Parameters
    ----------
    text : str
        A date, with or without a time: ``2015-01-18T11:03:00``, ``2015/01/18``, ``20150118``, ``18/01/15``,
        ``18-Jan-2015``, a Julian day, ... Anything else counts as missing, as do days before `FIRST`.
    mjd, lmjd : float, optional
        Modified Julian day, and LAMOST's local one (the day of the observation plus one), for what the text leaves
        open: which of day and month stands first, or all of it. A text that both of them contradict by more than three
        days is not used.

    Returns
    -------
    str
        '' where nothing tells the day.
    """
    known, sure = _reference(mjd, lmjd)
    if sure and _plain(text) and abs(date(int(text[:4]), int(text[5:7]), int(text[8:10])).toordinal() - known) < 3:
        return text[:10]
    days = _days_of(text)
    if days and known:
        nearest = min(days, key=lambda day: abs(day - known))
        if sure and abs(nearest - known) > _NEAR_DAYS:
            days = []
        else:
            days = [nearest] if abs(nearest - known) <= _NEAR_DAYS else days
    day = days[0] if days else known
    return date.fromordinal(day).isoformat() if day else ""


def _plain(text: str) -> bool:
    """Whether a text begins as an ISO date of a day that exists in every month."""
    if len(text) < 10 or text[4] != "-" or text[7] != "-":
        return False
    year, month, day = text[:4], text[5:7], text[8:10]
    digits = (year + month + day).isdecimal() and (year + month + day).isascii()
    return digits and "2008" <= year < "2100" and "01" <= month <= "12" and "01" <= day <= "28"


def _reference(mjd: float | None, lmjd: float | None) -> tuple[int, bool]:
    """Ordinal of the day that the Julian days tell, 0 for none, and whether both tell the same."""
    # LMJD - 1 is the day of DATE-OBS in all real files; MJD is two days later in those of pipeline v2.6.4
    local, plain = _ordinal(lmjd, -1), _ordinal(mjd, 0)
    if local and plain and abs(local - plain) <= _NEAR_DAYS:
        return local, True
    return plain or local, False


def _ordinal(mjd: float | None, shift: int) -> int:
    if mjd is None or not 0 < mjd < 1e6:
        return 0
    day = int(mjd) + shift + MJD_ZERO
    return day if _FIRST <= day <= _LAST else 0


def _days_of(text: str) -> list[int]:
    """Ordinals of the days that a text may mean, the likeliest first."""
    text = text.strip().strip("'\"")[:40]
    if _JULIAN.match(text):
        number = float(text)
        day = _ordinal(number - 2400000.5 if number > 2e6 else number, 0)
        return [day] if day else []
    found = []
    for form, groups in _FORMS:
        if match := form.match(text):
            day = _day(*(match[int(group)] for group in groups))
            if day and day not in found:
                found.append(day)
    return found


def _day(year: str, month: str, day: str) -> int:
    number = int(month) if month.isdecimal() else _MONTHS.get(month.lower(), 0)
    try:
        ordinal = date(int(year) + (2000 if len(year) == 2 else 0), number, int(day)).toordinal()
    except ValueError:
        return 0
    return ordinal if _FIRST <= ordinal <= _LAST else 0


def observation_days(text: pd.Series, mjd: pd.Series, lmjd: pd.Series) -> np.ndarray:
    """`observation_day` of each row of a catalogue: str (object), [n]."""
    columns = (column.astype(object).where(column.notna(), None) for column in (mjd, lmjd))
    rows = zip(text.fillna("").astype(str), *columns, strict=True)
    known: dict[tuple, str] = {}
    days = []
    for row in rows:
        key = (row[0][:40], *row[1:])
        if key not in known:
            known[key] = observation_day(*key)
        days.append(known[key])
    return np.array(days, dtype=object)
