"""Wavelength limits of the photometric bands (``resources/bands.csv``)."""

from __future__ import annotations

import functools

from mstars.core.resources import resource, resource_rows

BANDS = ("u", "g", "r", "i", "z")
"""Names of the bands."""

ORP = tuple(f"orp_{band}" for band in BANDS)
"""Columns of the share of pixels of each band with a non-zero ormask."""


@functools.cache
def photometric_bands() -> dict[str, tuple[float, float]]:
    """Wavelength limits of `BANDS` (``resources/bands.csv``), angstrom."""
    rows = resource_rows(resource("bands.csv"))
    return {row["band"]: (float(row["lower"]), float(row["upper"])) for row in rows}
