"""Wavelength limits of the photometric bands (``resources/bands.csv``)."""

from __future__ import annotations

import functools

import pandas as pd

from mstars.core.resources import resource


@functools.cache
def photometric_bands() -> dict[str, tuple[float, float]]:
    """Wavelength limits of the bands u, g, r, i, z (``resources/bands.csv``), angstrom."""
    table = pd.read_csv(resource("bands.csv"), comment="#")
    return {row.band: (row.lower, row.upper) for row in table.itertuples()}
