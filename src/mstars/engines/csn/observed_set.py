"""The observed training set (sections 2.1 and 3.3.1): spectra without labels, in three parts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.randomness import rng
from mstars.files.row_filter import RowFilter, table_hash

SPLITS = ("train", "valid", "test")
_FEWEST = 10


def observed_set(
    m_catalog: pd.DataFrame,
    spectra: pd.DataFrame,
    stars: pd.DataFrame,
    photometry: pd.DataFrame,
    *,
    kind: str,
    settings: Mapping,
    seed: int,
) -> tuple[pd.DataFrame, dict]:
    """Which spectra the networks learn from.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v3: spectrum_key, luminosity_class, rv (km/s), snrr, snri.
    spectra : pandas.DataFrame
        spectrum_key, batch, row of what the stores hold.
    stars : pandas.DataFrame
        spectrum_key, star_id, ruwe, bp_rp (mag).
    photometry : pandas.DataFrame
        spectrum_key, M_G_0 (mag).
    kind : str
    settings : mapping
        ``engines.csn.sample``.
    seed : int
        The config's.

    Returns
    -------
    table : pandas.DataFrame
        spectrum_key, batch, row, rv, snri, star_id, split (of `SPLITS`); all spectra of a star are in one part.
    summary : dict
        Counts, why spectra were left out, and a hash.

    Raises
    ------
    InputError
        Fewer than ten spectra.
    """
    pool, excluded = _pool(m_catalog, spectra, stars, photometry, kind, settings)
    draws = rng(seed, "csn", "observed", kind)
    pool = pool.iloc[np.sort(draws.permutation(len(pool))[: settings["observed"]])].reset_index(drop=True)
    pool["star_id"] = pool["star_id"].where(pool["star_id"].notna(), pool["spectrum_key"]).astype(str)
    pool["split"] = _splits(pool["star_id"].to_numpy(dtype=str), settings["shares"], draws)
    table = pool.astype({"row": "int64"})[["spectrum_key", "batch", "row", "rv", "snri", "star_id", "split"]]
    counts = {name: int((table["split"] == name).sum()) for name in SPLITS}
    return table, {
        "task": f"csn_{kind}_observed",
        "spectra": len(table),
        "stars": int(table["star_id"].nunique()),
        **counts,
        "excluded": excluded,
        "settings": dict(settings),
        "hash": table_hash(table),
    }


def _pool(m_catalog, spectra, stars, photometry, kind, settings) -> tuple[pd.DataFrame, dict]:
    """The spectra that stay, in order; how many were left out for which reason."""
    pool = m_catalog.loc[m_catalog["luminosity_class"] == kind, ["spectrum_key", "rv", "snrr", "snri"]]
    pool = pool.drop_duplicates("spectrum_key").reset_index(drop=True)
    kept = RowFilter(pool)
    for other in (
        spectra[["spectrum_key", "batch", "row"]],
        stars[["spectrum_key", "star_id", "ruwe", "bp_rp"]].drop_duplicates("spectrum_key"),
        photometry[["spectrum_key", "M_G_0"]].drop_duplicates("spectrum_key"),
    ):
        pool = pool.merge(other, on="spectrum_key", how="left")
    kept.follow(pool)
    kept.add("no usable spectrum (rejected at ingest)", pool["row"].isna())
    kept.add("no RV", ~np.isfinite(pool["rv"].to_numpy(dtype=float)))
    for band in ("snrr", "snri"):
        kept.add(f"{band} below {settings[band]:g}", ~(pool[band] >= settings[band]))
    kept.add(f"RUWE above {settings['ruwe_max']:g}", pool["ruwe"] > settings["ruwe_max"])
    for column, name in (("M_G_0", "m_g"), ("bp_rp", "bp_rp")):
        lower, upper = settings[name]
        kept.add(f"{column} outside {lower:g}..{upper:g}", (pool[column] < lower) | (pool[column] > upper))
    pool = pool[kept.kept].sort_values("spectrum_key", kind="stable", ignore_index=True)
    if len(pool) < _FEWEST:
        raise InputError(
            f"observed set csn_{kind}: {len(pool)} spectra, at least {_FEWEST} are needed; left out: {kept.counts}; "
            "change engines.csn.sample"
        )
    return pool, kept.counts


def _splits(stars: np.ndarray, shares, draws: np.random.Generator) -> np.ndarray:
    """Part of each spectrum, by star; at least one star validates and one tests."""
    names, number = np.unique(stars, return_inverse=True)
    ends = np.cumsum(np.asarray(shares, dtype=float)) / np.sum(shares) * len(names)
    ends = np.clip(np.round(ends).astype(int), [1, 2, 3], [len(names) - 2, len(names) - 1, len(names)])
    place = draws.permutation(len(names))[number]
    return np.array(SPLITS)[np.searchsorted(ends, place, side="right")]
