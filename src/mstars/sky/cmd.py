"""The Gaia colour-magnitude diagram: where sources lie in it (section 3.4.1, Figure 6)."""

from __future__ import annotations

import numpy as np

DM_REGION_PRINTED = np.array([(0.7, 5.0), (1.4, 5.0), (4.0, 16.5), (5.0, 16.5)])
"""Vertices ((BP-RP)_0, M_G) of the dwarf region in the order the caption of Figure 6 prints; the sides cross."""

DM_REGION = DM_REGION_PRINTED[[0, 1, 3, 2]]
"""The same vertices in an order that goes round the quadrilateral."""

DM_REGIONS = {"ordered": DM_REGION, "printed": DM_REGION_PRINTED}

GM_LINE = (1.8, -2.2)
"""Slope and intercept of the line that the giants are brighter than: M_G < 1.8 (BP-RP)_0 - 2.2."""


def cmd_position(colour: np.ndarray, magnitude: np.ndarray, region: np.ndarray = DM_REGION) -> np.ndarray:
    """Region of the colour-magnitude diagram.

    Parameters
    ----------
    colour, magnitude : ndarray, [n]
        (BP-RP)_0 and M_G, mag.
    region : ndarray, [m, 2], optional
        Vertices of the dwarf region in order; where sides cross, a point inside an odd number of loops is inside.

    Returns
    -------
    ndarray of str (object), [n]
        ``dM`` (in the polygon, its sides included), ``gM`` (brighter than `GM_LINE`), ``other``, or ``''`` where
        colour or magnitude is missing.
    """
    colour, magnitude = np.asarray(colour, dtype=float), np.asarray(magnitude, dtype=float)
    position = np.full(colour.shape, "other", dtype=object)
    position[magnitude < GM_LINE[0] * colour + GM_LINE[1]] = "gM"
    position[_inside(colour, magnitude, np.asarray(region, dtype=float))] = "dM"
    position[~(np.isfinite(colour) & np.isfinite(magnitude))] = ""
    return position


def _inside(x: np.ndarray, y: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Even-odd rule; points on a side count as inside."""
    inside = np.zeros(x.shape, bool)
    on_side = np.zeros(x.shape, bool)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        cross = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
        within = (np.minimum(x1, x2) <= x) & (x <= np.maximum(x1, x2))
        within &= (np.minimum(y1, y2) <= y) & (y <= np.maximum(y1, y2))
        on_side |= within & (np.abs(cross) <= 1e-9 * np.hypot(x2 - x1, y2 - y1))
        if y1 != y2:
            inside ^= ((y1 > y) != (y2 > y)) & (x < x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    return inside | on_side
