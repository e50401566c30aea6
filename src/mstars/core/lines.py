"""Spectral lines: the paper's lists for velocities, and the wavelengths of lines that several modules name."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from mstars.core.resources import resource, resource_table

if TYPE_CHECKING:
    import pandas as pd

VACUUM_LINES = {
    "H alpha": 6564.61,
    "H beta": 4862.68,
    "H gamma": 4341.68,
    "H delta": 4102.89,
    "Ca II K": 3934.78,
    "Ca II H": 3969.59,
    "Ca II 8500": 8500.35,
    "Ca II 8544": 8544.44,
    "Ca II 8665": 8664.52,
    "He I 5877": 5877.25,
    "He I 6680": 6679.99,
    "He I 7067": 7067.1,
    "He II 4687": 4687.0,
    "Mg b": 5176.0,
    "Na D": 5895.6,
    "[O II]": 3728.8,
    "[O III] 4960": 4960.30,
    "[O III] 5008": 5008.24,
    "[N II] 6550": 6549.86,
    "[N II] 6585": 6585.27,
    "[S II] 6718": 6718.29,
    "[S II] 6733": 6732.67,
}
"""Vacuum wavelengths at rest, angstrom (NIST; the line list of SDSS). A number in a name is the wavelength, rounded;
[O II] is the pair as one line, at low density."""

CHROMOSPHERIC = ("Ca II K", "Ca II H", "H delta", "H gamma", "H beta", "H alpha")
"""Lines that active M dwarfs have in emission."""


@functools.cache
def velocity_lines() -> pd.DataFrame:
    """Lines whose shift gives a velocity (``resources/lines.csv``).

    Returns
    -------
    pandas.DataFrame
        set (``absorption``: Table 5, for DSAL; ``emission``: Table 6, for DSEL), line (name), wavelength (vacuum,
        angstrom). It is shared: don't change it.
    """
    return resource_table(resource("lines.csv"))


@functools.cache
def velocity_line_set(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Names and vacuum wavelengths (angstrom) of the lines ``absorption`` or ``emission`` of `velocity_lines`."""
    table = velocity_lines()
    table = table[table["set"] == kind]
    return table["line"].to_numpy(dtype=str), table["wavelength"].to_numpy(dtype=float)


@functools.cache
def quasar_lines() -> pd.DataFrame:
    """Emission lines of the SDSS quasar composite (``resources/quasar_lines.csv``).

    Returns
    -------
    pandas.DataFrame
        name, wavelength (vacuum, angstrom, at rest), equivalent_width and width (sigma; angstrom). It is shared: don't
        change it.
    """
    return resource_table(resource("quasar_lines.csv"))


@functools.cache
def sky_lines(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Air wavelengths (angstrom) and relative strengths of ``sky`` or ``lamp`` lines (``resources/sky_lines.csv``)."""
    table = resource_table(resource("sky_lines.csv"))
    table = table[table["kind"] == kind]
    return table["wavelength"].to_numpy(), table["strength"].to_numpy()
