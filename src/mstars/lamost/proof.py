"""What a file proves before it is measured: resolution, wavelengths and their unit, medium and frame."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from mstars.core.constants import C_KMS
from mstars.lamost.cards import UnusableSpectrum, number, text, truth
from mstars.spectra.wavelengths import DLOGLAM, LOGLAM0, N_PIXEL, lamost_wavelength

GRID_TOLERANCE = 0.005
"""A spectrum within this many pixels of the common grid (0.35 km/s) is taken as it is; any other is resampled."""

LEAST_PIXELS = 300
"""A file of fewer pixels is no spectrum that can be measured."""

MRS_STEP = 4e-5
"""Pixels of medium-resolution spectra are 2.4e-5 wide in log10(wavelength), those of low-resolution ones 1e-4."""

_MRS_RANGE = 1.2  # an MRS arm ends below this times its first wavelength
_OPTICAL = (2500.0, 12000.0)
_LAMOST = (3600.0, 9300.0)
_UNITS = ((_OPTICAL, 1.0), ((250.0, 1200.0), 10.0), ((0.25, 1.2), 1e4))
_LOG10 = (3.39, 4.08)
_FEW = 0.1
_MISSING = ("", "NULL", "NONE", "-9999")
_MOST_KMS = 40.0  # the Earth's speed is 30 km/s
_GRID = lamost_wavelength()
_SEEN: deque = deque(maxlen=8)


@dataclass(frozen=True)
class Wavelengths:
    """What a row of wavelengths proves.

    Attributes
    ----------
    plain : bool
        Angstrom, ascending, none missing: the row can be used as it is.
    offset : int or None
        Pixel of the common grid that the first pixel falls on; None for wavelengths off the grid.
    step : float
        Median step in log10(wavelength).
    """

    plain: bool
    offset: int | None = None
    step: float = math.nan


def facts_of(row: np.ndarray) -> Wavelengths:
    """Facts of a wavelength row. The files of a plate have a few rows between them: those seen last are remembered."""
    raw, kind = row.tobytes(), row.dtype.str
    for known, of_kind, facts in _SEEN:
        if known == raw and of_kind == kind:
            return facts
    row = row.astype(row.dtype.newbyteorder("="))
    plain = bool(len(row) >= 2 and _OPTICAL[0] < row[0] < row[-1] < _OPTICAL[1] and (row[1:] > row[:-1]).all())
    if not plain:
        return Wavelengths(False)
    # float32 rounds a step of a fine grid: the median is taken of the whole row
    step = float(np.median(np.diff(np.log10(row.astype(np.float64)))))
    facts = Wavelengths(True, _offset_of(row), step)
    _SEEN.appendleft((raw, kind, facts))
    return facts


def _offset_of(wavelength: np.ndarray) -> int | None:
    n = len(wavelength)
    offset = round(float((np.log10(float(wavelength[0])) - LOGLAM0) / DLOGLAM))
    if 0 <= offset and offset + n <= N_PIXEL:
        expected = _GRID[offset : offset + n]
    else:
        expected = 10.0 ** (LOGLAM0 + DLOGLAM * (offset + np.arange(n)))
    deviation = np.abs(wavelength - expected) / expected
    return offset if deviation.max() < GRID_TOLERANCE * DLOGLAM * np.log(10.0) else None


def mended_wavelengths(row: np.ndarray, loglam0: float, dloglam: float) -> np.ndarray | None:
    """Wavelengths of a row that can't be used as it is.

    Parameters
    ----------
    row : ndarray, [m]
        Wavelengths in angstrom, nm, micron or log10(angstrom), ascending or descending, a tenth missing at most. Or
        something else, such as the sub-continuum of pipeline v2.6.4.
    loglam0, dloglam : float
        COEFF0 and COEFF1.

    Returns
    -------
    ndarray of float64, [m], or None
        Angstrom, in the order of the row. None where the row holds no wavelengths.

    Raises
    ------
    UnusableSpectrum
        The row holds wavelengths, but some of them are wrong and the cards don't tell better.
    """
    with np.errstate(invalid="ignore"):  # a damaged file may hold any bits
        row = row.astype(np.float64)
    known = np.isfinite(row) & (row > 0)
    if known.sum() < max(2, (1 - _FEW) * len(row)):
        return None
    steps = np.diff(row[known])
    rising = (steps > 0).mean()
    if not (rising >= 1 - _FEW or (steps < 0).mean() >= 1 - _FEW):
        return None
    log = _log10_angstrom(row[known])
    monotonic = (steps > 0).all() or (steps < 0).all()
    if log is None and monotonic:
        ends = row[known][[0, -1]]
        raise UnusableSpectrum(f"wavelengths outside 3700-9098 A in any unit: {ends[0]:g} to {ends[1]:g}")
    if log is None:
        return None
    if monotonic:
        place = np.arange(len(row))
        # the ends go on as the row does beside them
        filled = np.interp(place, place[known], log)
        first, last = np.flatnonzero(known)[[0, -1]]
        filled[:first] = log[0] + (place[:first] - first) * (log[1] - log[0])
        filled[last + 1 :] = log[-1] + (place[last + 1 :] - last) * (log[-1] - log[-2])
        return 10.0**filled
    told = loglam0 + dloglam * np.arange(len(row))
    if np.isfinite(told).all() and np.median(np.abs(told[known] - log)) < 0.5 * abs(dloglam):
        return 10.0**told
    raise UnusableSpectrum("wavelengths neither ascend nor descend, and COEFF0 and COEFF1 don't fit them")


def _log10_angstrom(values: np.ndarray) -> np.ndarray | None:
    lower, upper = np.percentile(values, [2, 98])
    for (least, most), factor in _UNITS:
        if least < lower and upper < most:
            return np.log10(values * factor)
    return values if _LOG10[0] < lower and upper < _LOG10[1] else None


def check_wavelength_cards(get: Callable, n: int) -> None:
    """Check the cards that tell the wavelengths of the layout without a wavelength row.

    Raises
    ------
    UnusableSpectrum
        COEFF0 or COEFF1 is missing, CRVAL1 tells otherwise, or the wavelengths are not LAMOST's.
    """
    loglam0, dloglam = number(get("COEFF0")), number(get("COEFF1"))
    if not (math.isfinite(loglam0) and math.isfinite(dloglam) and dloglam > 0):
        raise UnusableSpectrum("no wavelengths: neither a wavelength row nor COEFF0 and COEFF1")
    for name, told in (("CRVAL1", loglam0), ("CD1_1", dloglam)):
        other = number(get(name))
        # -9999 is missing; a CRVAL1 in angstrom is not the log10 that COEFF0 is
        if 0 < other < 5 and abs(other - told) > 0.2 * dloglam:
            raise UnusableSpectrum(
                f"wavelengths contradict each other: COEFF0 and COEFF1 tell {told:g}, {name} {other:g}"
            )
    ends = loglam0, loglam0 + dloglam * (n - 1)
    if not all(math.log10(_LAMOST[0]) < end < math.log10(_LAMOST[1]) for end in ends):
        raise UnusableSpectrum("wavelengths outside 3700-9098 A, by COEFF0 and COEFF1")


def refuse_medium_resolution(wavelength: np.ndarray, step: float) -> None:
    """Raise `UnusableSpectrum` for the fine pixels and the short range of an arm of LAMOST's MRS."""
    if step < MRS_STEP and float(wavelength[-1]) < _MRS_RANGE * float(wavelength[0]):
        raise UnusableSpectrum("medium-resolution spectrum (MRS): pixels too fine for the low-resolution survey")


def refuse_mrs_names(names: Iterable[str]) -> None:
    """Raise `UnusableSpectrum` where names of tables are those of MRS files: COADD_B and COADD_R, B-... and R-...."""
    for name in names:
        if name.upper() in ("COADD_B", "COADD_R", "B", "R") or name.upper().startswith(("B-", "R-")):
            raise UnusableSpectrum(f"medium-resolution spectrum (MRS): it has a table {name}")


def in_air(get: Callable) -> bool:
    """Whether a file says that its wavelengths are in air (VACUUM, AIRORVAC, CTYPE1); vacuum where it says nothing.

    Raises
    ------
    UnusableSpectrum
        One card says air and another one vacuum, or VACUUM says neither.
    """
    said = {}
    vacuum = get("VACUUM")
    if vacuum is not None and vacuum != "":
        meant = truth(vacuum)
        meant = {"vac": True, "vacuum": True, "air": False}.get(text(vacuum).lower()) if meant is None else meant
        if meant is None:
            raise UnusableSpectrum(f"unknown medium: VACUUM is {text(vacuum)!r:.20}, expected T or F")
        said["VACUUM"] = not meant
    if (medium := text(get("AIRORVAC")).lower()).startswith(("air", "vac")):
        said["AIRORVAC"] = medium.startswith("air")
    if (kind := text(get("CTYPE1")).upper()).startswith(("AWAV", "WAVE-", "WAVE")):
        said["CTYPE1"] = kind.startswith("AWAV")
    if len(set(said.values())) > 1:
        told = ", ".join(f"{name} {'air' if air else 'vacuum'}" for name, air in said.items())
        raise UnusableSpectrum(f"the header contradicts itself on air or vacuum: {told}")
    return any(said.values())


def frame_of(get: Callable) -> tuple[str, float]:
    """Frame of the wavelengths, and the factor that makes them heliocentric.

    HELIO_RV is the velocity (km/s) that LAMOST's pipeline takes out: minus the correction that is added to a velocity.
    In real headers it is minus astropy's ``radial_velocity_correction`` for their place, time and telescope (a test
    says so). No LAMOST release has a HELIO of F, and the pixels of an M star don't prove it: such velocities are not
    recommended, corrected or not.

    Returns
    -------
    frame : str
        ``heliocentric``, unless HELIO says no or SPECSYS says otherwise; of topocentric ones ``corrected`` by
        HELIO_RV, or ``topocentric`` where that is missing; ``unknown`` where SPECSYS names another kind (LSRK, ...).
    factor : float
        1 - HELIO_RV / c where it is ``corrected``, else 1.
    """
    system = text(get("SPECSYS")).upper()
    topocentric = truth(get("HELIO")) is False or system.startswith(("TOPO", "GEO"))
    if not topocentric:
        # barycentre and Sun differ by 0.015 km/s
        return ("heliocentric" if system in _MISSING or system.startswith(("HELIO", "BARY")) else "unknown"), 1.0
    velocity = number(get("HELIO_RV"))
    return ("corrected", 1.0 - velocity / C_KMS) if abs(velocity) < _MOST_KMS else ("topocentric", 1.0)
