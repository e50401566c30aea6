"""Velocities from single lines: DSAL I, DSAL II (absorption) and DSEL (emission), section 3.4.3, Tables 5 and 6."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.config.line_velocities import LineOptions
from mstars.core.constants import C_KMS
from mstars.core.flags import LineFlag
from mstars.core.lines import velocity_line_set
from mstars.spectra.container import SpectrumSet
from mstars.velocity.lines.combine import combine_all, combine_clipped, combine_consistent
from mstars.velocity.lines.find_lines import Limits, Lines, fit_lines
from mstars.velocity.pool import CHUNK, over_chunks

HALF_WIDTH = 12.0
"""Half the stretch fitted around a line, angstrom: six times the sigma that LAMOST's resolution (1800) gives a line."""

SEARCH_KMS = 600.0
"""Largest speed at which lines are looked for: that of template matching (section 3.4.3)."""

SIGMA_RANGE = (0.6, 6.0)
"""Allowed sigma of the Gaussian, angstrom.

At a resolution of 1800 lines have 1.5 to 2. A narrower one is a bad pixel, a wider one the continuum.
"""


def measure_lines(spectra: SpectrumSet, kind: str, options: LineOptions | None = None, threads: int = 1) -> np.ndarray:
    """Velocity and its error for each line of each spectrum.

    Parameters
    ----------
    spectra : SpectrumSet
        Raw spectra (section 3.2: no preprocessing; only pixels without information are left out).
    kind : {'absorption', 'emission'}
    options : LineOptions, optional
    threads : int
        Chunks of spectra at a time.

    Returns
    -------
    ndarray, [n, line, 2]
        km/s; NaN where the line isn't there.
    """
    options = options or LineOptions()

    def work(start: int) -> np.ndarray:
        return _measure(spectra.select(slice(start, start + CHUNK)), kind, options)

    return np.concatenate(over_chunks(work, range(0, max(len(spectra), 1), CHUNK), threads))


def _measure(spectra: SpectrumSet, kind: str, options: LineOptions) -> np.ndarray:
    names, centers = velocity_line_set(kind)
    emission = kind == "emission"
    reach = SEARCH_KMS / C_KMS
    near = np.flatnonzero(
        (spectra.wavelength > centers.min() * (1 - reach) - 2 * HALF_WIDTH)
        & (spectra.wavelength < centers.max() * (1 + reach) + 2 * HALF_WIDTH)
    )
    if len(near) < 2:
        return np.full((len(spectra), len(centers), 2), np.nan)
    part = slice(near[0], near[-1] + 1)
    wavelength = spectra.wavelength[part]
    flux, weight = spectra.flux[:, part], spectra.ivar[:, part]
    known = (weight > 0) & np.isfinite(flux)
    for low, high in options.tellurics:
        known[:, (wavelength > low) & (wavelength < high)] = False
    flux, weight = np.where(known, flux, np.float32(0)), np.where(known, weight, np.float32(0))
    leader = int(np.flatnonzero(names == "H alpha")[0]) if emission else -1
    limits = Limits(
        half_width=HALF_WIDTH,
        search_kms=SEARCH_KMS,
        min_significance=float(options.min_emission_significance if emission else options.min_significance),
        min_sigma=SIGMA_RANGE[0],
        max_sigma=SIGMA_RANGE[1],
    )
    lines = Lines(centers, 1.0 if emission else -1.0, leader, np.isin(names, ("N II", "S II")))
    result = fit_lines(flux, weight, wavelength, lines, limits)
    velocity = (result[..., 0] / centers - 1.0) * C_KMS
    error = result[..., 1] / centers * C_KMS
    good = np.isfinite(velocity)
    if options.max_error_kms is not None:
        good &= error < options.max_error_kms
    return np.stack([np.where(good, velocity, np.nan), np.where(good, error, np.nan)], axis=-1)


def dsal1(velocity: np.ndarray, options: LineOptions) -> tuple[float, float, int, int]:
    """DSAL I of one spectrum: mean and standard deviation of at least three consistent lines.

    Consistent lines are the largest run of velocities, none left out between, within ``consistent_kms`` of its own
    median (the tightest of equals).

    Parameters
    ----------
    velocity : ndarray, [line]
        km/s, NaN for lines that aren't there.
    options : LineOptions

    Returns
    -------
    rv, error : float
        km/s, NaN when fewer than three lines agree.
    count, flag : int
    """
    out = np.empty(4)
    combine_consistent(np.asarray(velocity, dtype=float), options.consistent_kms, out)
    return out[0], out[1], int(out[2]), int(_flag1(out[None])[0])


def _flag1(combined: np.ndarray) -> np.ndarray:
    """Flags of DSAL I from (mean, deviation, consistent lines, lines)."""
    why = np.where(combined[:, 3] < 3, LineFlag.FEW_LINES, LineFlag.INCONSISTENT)
    return np.where(combined[:, 2] < 3, LineFlag.NOT_MEASURED | why, 0)


def dsal2(velocity: np.ndarray, options: LineOptions) -> tuple[float, float, int, int]:
    """DSAL II of one spectrum: lines outside 1 sigma leave until the scatter is below 20 km/s.

    To the letter of section 3.4.3: after each removal, more than one velocity with a standard deviation below
    ``scatter_kms`` ends the iteration; with fewer than two left, the mean and standard deviation before that removal
    are used. The first check is before any removal.

    Parameters
    ----------
    velocity : ndarray, [line]
        km/s, NaN for lines that aren't there.
    options : LineOptions

    Returns
    -------
    rv, error : float
        km/s; NaN without any line, and the error with one.
    count, flag : int
    """
    out = np.empty(4)
    combine_clipped(np.asarray(velocity, dtype=float), options.scatter_kms, out)
    return out[0], out[1], int(out[2]), int(_flag2(out[None], options)[0])


def _flag2(combined: np.ndarray, options: LineOptions) -> np.ndarray:
    """Flags of DSAL II from (mean, deviation, lines left, lines)."""
    none = np.where(combined[:, 2] == 0, LineFlag.NOT_MEASURED, 0)
    few = np.where(combined[:, 2] < 2, LineFlag.FEW_LINES, 0)
    with np.errstate(invalid="ignore"):
        return none | few | np.where(combined[:, 1] >= options.scatter_kms, LineFlag.INCONSISTENT, 0)


def dsal(spectra: SpectrumSet, options: LineOptions | None = None, threads: int = 1) -> pd.DataFrame:
    """DSAL I and II of all spectra (Table 5).

    Parameters
    ----------
    spectra, options, threads
        As for `measure_lines`.

    Returns
    -------
    pandas.DataFrame
        n rows: spectrum_key, rv_dsal1, rv_dsal1_err, n_dsal1, dsal1_flag and the same for dsal2; km/s.
    """
    options = options or LineOptions()
    lines = measure_lines(spectra, "absorption", options, threads)[..., 0]
    first, second = np.empty((len(lines), 4)), np.empty((len(lines), 4))
    combine_all(np.ascontiguousarray(lines), options.consistent_kms, options.scatter_kms, first, second)
    first[:, 3], second[:, 3] = _flag1(first), _flag2(second, options)
    table = pd.DataFrame({"spectrum_key": spectra.spectrum_key})
    for name, part in (("dsal1", first), ("dsal2", second)):
        _add(table, name, part)
    return table


def dsel(spectra: SpectrumSet, options: LineOptions | None = None, threads: int = 1) -> pd.DataFrame:
    """DSEL of all spectra: as DSAL II, with the emission lines of Table 6; H-alpha or Ca II has to be among them.

    Parameters
    ----------
    spectra, options, threads
        As for `measure_lines`.

    Returns
    -------
    pandas.DataFrame
        n rows: spectrum_key, rv_dsel, rv_dsel_err, n_dsel, dsel_flag.
    """
    options = options or LineOptions()
    lines, errors = np.moveaxis(measure_lines(spectra, "emission", options, threads), -1, 0)
    names, _ = velocity_line_set("emission")
    stellar = np.isin(names, ("H alpha", "Ca II"))
    halpha = int(np.flatnonzero(names == "H alpha")[0])
    rows = []
    for row, row_errors in zip(lines, errors, strict=True):
        rv, error, count, flag = dsal2(row, options)
        if count == 1 and np.isfinite(row[halpha]):
            error, flag = row_errors[halpha], LineFlag.HALPHA_ALONE
        near = np.abs(row - rv) <= max(options.scatter_kms, np.nan_to_num(error))
        if count and not (near & stellar).any():
            flag |= LineFlag.NO_HALPHA_OR_CA
        rows.append((rv, error, count, flag))
    table = pd.DataFrame({"spectrum_key": spectra.spectrum_key})
    _add(table, "dsel", np.array(rows).reshape(len(lines), 4))
    return table


def _add(table: pd.DataFrame, name: str, part: np.ndarray) -> None:
    table[f"rv_{name}"] = part[:, 0]
    table[f"rv_{name}_err"] = part[:, 1]
    table[f"n_{name}"] = part[:, 2].astype(np.int32)
    table[f"{name}_flag"] = part[:, 3].astype(np.int32)
