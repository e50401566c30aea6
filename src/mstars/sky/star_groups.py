"""Which spectra are of one star: by identifier, or within a radius on the sky."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.sky.crossmatch import sky_groups


def star_groups(table: pd.DataFrame, radius_arcsec: float) -> np.ndarray:
    """One name a star: spectra with one ``star_id``, or within ``radius_arcsec`` on the sky, are of the same star.

    Parameters
    ----------
    table : pandas.DataFrame
        With spectrum_key, ra, dec (deg) and optionally star_id ('' or null: not matched).
    radius_arcsec : float
        ``crossmatch.radius_arcsec`` of the config.

    Returns
    -------
    ndarray of str, [n]
        The first star_id of the group in lexical order, else ``pos-{spectrum_key}`` of its first member.
    """
    from scipy.sparse import coo_matrix  # here, since most jobs that read this module group nothing
    from scipy.sparse.csgraph import connected_components

    count = len(table)
    place = pd.Series(sky_groups(table["ra"].to_numpy(dtype=float), table["dec"].to_numpy(dtype=float), radius_arcsec))
    names = _strings(table["star_id"]) if "star_id" in table else np.full(count, "")
    matched = np.flatnonzero(names != "")
    # each row is tied to the first of its place, and to the first of its star_id
    first = np.concatenate([_first(place), matched[_first(pd.Series(names[matched]))]])
    edges = (first, np.concatenate([np.arange(count), matched]))
    _, group = connected_components(coo_matrix((np.ones(len(first)), edges), shape=(count, count)), directed=False)
    keys = _strings(table["spectrum_key"])
    frame = pd.DataFrame({"group": group, "key": keys, "name": np.where(names == "", None, names)})
    best = frame.groupby("group").agg(name=("name", "min"), key=("key", "min"))
    named = best["name"].where(best["name"].notna(), "pos-" + best["key"])
    return named.loc[group].to_numpy(dtype=str)


def _first(values: pd.Series) -> np.ndarray:
    """The row in which the value of each row stands for the first time, [n]."""
    _, first, inverse = np.unique(values.to_numpy(), return_index=True, return_inverse=True)
    return first[inverse]


def _strings(column: pd.Series) -> np.ndarray:
    return column.astype("object").where(column.notna(), "").astype(str).to_numpy(dtype=str)
