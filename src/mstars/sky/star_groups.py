"""Which spectra are of one star: by identifier, or within a radius on the sky."""

from __future__ import annotations

import numpy as np
import pandas as pd

RADIUS_ARCSEC = 3.0


def star_groups(table: pd.DataFrame, radius_arcsec: float = RADIUS_ARCSEC) -> np.ndarray:
    """One name a star: spectra with one ``star_id``, or within ``radius_arcsec`` on the sky, are of the same star.

    Parameters
    ----------
    table : pandas.DataFrame
        With ra, dec (deg) and optionally star_id ('' or null: not matched).

    Returns
    -------
    ndarray of str, [n]
        The first star_id of the group in lexical order, else ``pos-{spectrum_key}`` of its first member.
    """
    from scipy.sparse import coo_matrix  # here, since most jobs that read this module group nothing
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    ra, dec = np.radians(table["ra"].to_numpy(dtype=float)), np.radians(table["dec"].to_numpy(dtype=float))
    known = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    direction = np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])[known]
    near = 2 * np.sin(np.radians(radius_arcsec / 3600) / 2)
    pairs = known[cKDTree(direction).query_pairs(near, output_type="ndarray")] if len(known) else np.empty((0, 2), int)
    names = _strings(table["star_id"]) if "star_id" in table else np.full(len(table), "")
    first: dict[str, int] = {}
    for row, name in enumerate(names):
        first.setdefault(name, row)
    matched = np.flatnonzero(names != "")
    same = np.array([[first[names[row]], row] for row in matched], dtype=int).reshape(-1, 2)
    edges = np.concatenate([pairs, same]).astype(int)
    graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(len(table), len(table)))
    _, group = connected_components(graph, directed=False)
    keys = _strings(table["spectrum_key"])
    frame = pd.DataFrame({"group": group, "key": keys, "name": np.where(names == "", None, names)})
    best = frame.groupby("group").agg(name=("name", "min"), key=("key", "min"))
    named = best["name"].where(best["name"].notna(), "pos-" + best["key"])
    return named.loc[group].to_numpy(dtype=str)


def _strings(column: pd.Series) -> np.ndarray:
    return column.astype("object").where(column.notna(), "").astype(str).to_numpy(dtype=str)
