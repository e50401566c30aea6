"""Cells of the sky: HEALPix pixels whose spectra are matched with an external catalogue in one job."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.sky.crossmatch import usable
from mstars.sky.places import coordinates

DEEPEST = 12
"""Order at which a cell is not split any more; a pixel has 0.9 arcmin there."""

WHOLE_SKY = "sky"
CELL_COLUMNS = ("spectrum_key", "ra", "dec", "obsdate", "mjd", "gaia_source_id")
"""Columns of m_catalog_v0 that a match reads."""


def pixels(ra: np.ndarray, dec: np.ndarray, order: int) -> np.ndarray:
    """HEALPix pixels (nested) of places on the sky.

    Parameters
    ----------
    ra, dec : ndarray, [n]
        Degrees, ICRS.
    order : int
        The sphere has 12 x 4**order pixels.

    Returns
    -------
    ndarray of int64, [n]
        -1 where the coordinates are no place (`mstars.sky.crossmatch.usable`).
    """
    from astropy_healpix import healpy

    ra, dec = np.asarray(ra, float), np.asarray(dec, float)
    good = usable(ra, dec)
    found = np.full(ra.shape, -1, np.int64)
    if good.any():
        found[good] = healpy.ang2pix(2**order, ra[good], dec[good], nest=True, lonlat=True)
    return found


def sky_cells(ra: np.ndarray, dec: np.ndarray, order: int, least: int, most: int) -> np.ndarray:
    """Name of the cell of each spectrum.

    Cells are HEALPix pixels of one order. A cell with more than ``most`` spectra is split into its four pixels, again
    and again. Sister cells (of one larger pixel) become one where the smallest has fewer than ``least`` and all have
    ``most`` at most together; likewise the twelve largest pixels, which then are the whole sky.

    Parameters
    ----------
    ra, dec : ndarray, [n]
        Degrees. Spectra without a place are in the first cell.
    order : int
        HEALPix order of the cells, 0 to `DEEPEST`.
    least, most : int
        Spectra of a cell.

    Returns
    -------
    ndarray of str, [n]
        ``{order}-{pixel}`` (nested), or `WHOLE_SKY`.
    """
    deep = pixels(ra, dec, DEEPEST)
    placed = np.sort(deep[deep >= 0])
    if not len(placed):
        return np.full(len(deep), WHOLE_SKY, dtype=object)
    counts = _split(placed, order, most)
    for level in range(order, 0, -1):
        _merge(counts, level, level - 1, 4, least, most)
    whole = _merge(counts, 0, -1, 12, least, most)
    if whole:
        return np.full(len(deep), WHOLE_SKY, dtype=object)
    cells = sorted(counts, key=lambda cell: cell[1] << 2 * (DEEPEST - cell[0]))
    start = np.array([pixel << 2 * (DEEPEST - level) for level, pixel in cells])
    names = np.array([f"{level}-{pixel}" for level, pixel in cells], dtype=object)
    return names[np.maximum(np.searchsorted(start, deep, side="right") - 1, 0)]


def _split(placed: np.ndarray, order: int, most: int) -> dict[tuple[int, int], int]:
    """Spectra of each cell (order, pixel) after splitting the crowded ones; ``placed`` is sorted."""
    pixel, number = np.unique(placed >> 2 * (DEEPEST - order), return_counts=True)
    counts, waiting = {}, [(order, int(one), int(many)) for one, many in zip(pixel, number, strict=True)]
    while waiting:
        level, pixel, number = waiting.pop()
        if number <= most or level == DEEPEST:
            counts[level, pixel] = number
            continue
        edges = (4 * pixel + np.arange(5)) << 2 * (DEEPEST - level - 1)
        inside = np.diff(np.searchsorted(placed, edges))
        waiting += [(level + 1, 4 * pixel + child, int(many)) for child, many in enumerate(inside) if many]
    return counts


def _merge(counts: dict[tuple[int, int], int], level: int, above: int, sisters: int, least: int, most: int) -> bool:
    """Replace sister cells by the pixel they lie in, where one of them is small; whether any were."""
    families: dict[int, list[tuple[int, int]]] = {}
    for cell in counts:
        of = (cell[1] >> 2 * (cell[0] - level)) // sisters
        families.setdefault(of, []).append(cell)
    merged = False
    for parent, cells in families.items():
        together = sum(counts[cell] for cell in cells)
        whole = all(cell[0] == level for cell in cells)
        if whole and min(counts[cell] for cell in cells) < least and together <= most:
            for cell in cells:
                del counts[cell]
            counts[above, parent] = together
            merged = True
    return merged


def plan_cells(m_catalog: pd.DataFrame, settings: dict) -> tuple[pd.DataFrame, dict[str, dict]]:
    """The spectra by cell, and facts of each cell.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v0: `CELL_COLUMNS`.
    settings : dict
        Section ``crossmatch.cells`` of the config: order, min_spectra, max_spectra.

    Returns
    -------
    table : pandas.DataFrame
        `CELL_COLUMNS` and cell, by cell and in the order of the catalogue.
    facts : dict of str to dict
        ``n_spectra`` and ``digest`` (of the rows) of each cell, by its name.
    """
    table = m_catalog[list(CELL_COLUMNS)].reset_index(drop=True)
    ra, dec = coordinates(table)
    sizes = settings["order"], settings["min_spectra"], settings["max_spectra"]
    table["cell"] = sky_cells(ra, dec, *sizes)
    table = table.sort_values("cell", kind="stable", ignore_index=True)
    row = pd.util.hash_pandas_object(table, index=False).to_numpy()
    facts = {}
    for cell, rows in table.groupby("cell", sort=True).indices.items():
        digest = hashlib.sha256(row[rows].tobytes()).hexdigest()[:16]
        facts[cell] = {"n_spectra": len(rows), "digest": digest}
    return table, facts or {WHOLE_SKY: {"n_spectra": 0, "digest": ""}}


def in_order(parts: pd.DataFrame, m_catalog: pd.DataFrame) -> pd.DataFrame:
    """Rows of all cells in the order of the catalogue.

    Parameters
    ----------
    parts : pandas.DataFrame
        The cells' tables, one below the other: spectrum_key and more.
    m_catalog : pandas.DataFrame
        n spectra: spectrum_key.

    Returns
    -------
    pandas.DataFrame
        n rows.
    """
    rows = pd.Index(parts["spectrum_key"]).get_indexer(m_catalog["spectrum_key"])
    if len(parts) != len(m_catalog) or (rows < 0).any():
        raise InputError("crossmatch: the cells are not of these spectra; delete plan/cells.json and run again")
    table = parts.take(rows).reset_index(drop=True)
    text = [name for name in table.columns.drop("spectrum_key") if isinstance(table[name].dtype, pd.StringDtype)]
    return table.astype(dict.fromkeys(text, object))  # as matches have it that never were in a file
