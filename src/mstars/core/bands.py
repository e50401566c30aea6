"""Wavelength limits of the photometric bands (``resources/bands.csv``)."""

from __future__ import annotations

import functools

from mstars.core.resources import resource, resource_rows


@functools.cache
def photometric_bands() -> dict[str, tuple[float, float]]:
    """Wavelength limits of the bands u, g, r, i, z (``resources/bands.csv``), angstrom."""
    rows = resource_rows(resource("bands.csv"))
    return {row["band"]: (float(row["lower"]), float(row["upper"])) for row in rows}
