"""Training sets of CNN-SPT, CNN-WDM and CNN-dMgM: which spectra, which labels, which split, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mstars.classify.class_tables import contradicted
from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.errors import InputError
from mstars.core.randomness import rng
from mstars.core.snr import SNR, snr_max
from mstars.files.row_filter import RowFilter, table_hash
from mstars.sky.star_groups import star_groups

COLUMNS = ("spectrum_key", "batch", "row", "star_id", "label", "split")


def split(labels: np.ndarray, stars: np.ndarray, how: str, valid_share: float, generator) -> np.ndarray:
    """Validation rows: about ``valid_share`` of each class.

    Parameters
    ----------
    labels, stars : ndarray of str, [n]
    how : {"star", "spectrum"}
        ``star`` keeps all spectra of a star on one side; ``spectrum`` is the paper's.
    valid_share : float
        0.25 for the paper's 3:1.
    generator : numpy.random.Generator

    Returns
    -------
    ndarray of bool, [n]
        At least one spectrum of a class on each side where the class has two stars (or spectra).
    """
    units = stars if how == "star" else np.arange(len(labels)).astype(str)
    names, first, inverse, size = np.unique(units, return_index=True, return_inverse=True, return_counts=True)
    chosen = np.zeros(len(names), bool)
    for name in np.unique(labels):
        # a star with two labels belongs to the label of its first spectrum
        members = generator.permutation(np.flatnonzero(labels[first] == name))
        if len(members) < 2:
            continue
        reached = np.cumsum(size[members])
        wanted = int(np.searchsorted(reached, valid_share * reached[-1])) + 1
        chosen[members[: min(wanted, len(members) - 1)]] = True
    return chosen[inverse]


def scm_pool(
    m_catalog: pd.DataFrame,
    class_catalog: pd.DataFrame,
    spectra: pd.DataFrame,
    stars: pd.DataFrame,
    photometry: pd.DataFrame,
    *,
    classes: Sequence[str],
    settings: dict,
    radius_arcsec: float,
    seed: int,
    class_tables: Mapping[str, pd.DataFrame] | None = None,
) -> tuple[pd.DataFrame, dict]:
    """Spectra and labels that the training sets of CNN-SPT and CNN-WDM are drawn from (section 3.4.1).

    Parameters
    ----------
    m_catalog, class_catalog : pandas.DataFrame
        m_catalog_v0 (all labelled M) and the spectra of other classes with their ``label``.
    spectra, stars, photometry : pandas.DataFrame
        spectrum_key with batch and row of what the stores hold; with star_id; with CMD_flag and CMD_pos (the last two
        of the M candidates).
    classes : sequence of str
        All labels wanted.
    settings : dict
        The config section ``scm``.
    radius_arcsec : float
        Two places this near to each other are one (``crossmatch.radius_arcsec``).
    seed : int
    class_tables : mapping of str to pandas.DataFrame, optional
        External classes by name (`mstars.classify.class_tables`); what they contradict is left out.

    Returns
    -------
    pool : pandas.DataFrame
        spectrum_key, batch, row, star_id, label, outside (an M outside the CMD regions), ordered by spectrum_key; at
        most 1.2 n_per_class of a class, so that the screening does not leave too few.
    excluded : dict
        How many spectra were left out for which reason.
    """
    shared = ["spectrum_key", "ra", "dec", *SNR]
    pool = pd.concat([m_catalog[shared].assign(label="M"), class_catalog[[*shared, "label"]]], ignore_index=True)
    pool = pool[pool["label"].isin(list(classes))]
    excluded = RowFilter(pool)
    conflicting = pool.groupby("spectrum_key")["label"].transform("nunique") > 1
    excluded.add("labels of two catalogues differ", conflicting)
    excluded.add("in a catalogue twice", pool.duplicated("spectrum_key") & ~conflicting)
    pool = _join(pool, spectra, stars, photometry)
    excluded.follow(pool)
    excluded.add("no usable spectrum (rejected at ingest)", pool["row"].isna())
    excluded.add(f"S/N_max below {settings['snr_min']}", ~(snr_max(pool) >= settings["snr_min"]))
    for name, table in (class_tables or {}).items():
        excluded.add(f"contradicted by {name}", contradicted(pool, table, radius_arcsec))
    pool = pool[excluded.kept].sort_values("spectrum_key", kind="stable", ignore_index=True)
    taken = _sample(pool["label"], classes, round(1.2 * settings["n_per_class"]), rng(seed, "training pool"))
    excluded.counts["more than needed"] = len(pool) - len(taken)
    pool = pool.iloc[taken].reset_index(drop=True)
    outside = (pool["label"] == "M") & (pool["CMD_flag"] == 1) & (pool["CMD_pos"] == "other")
    pool = pool.assign(outside=outside, star_id=star_groups(pool, radius_arcsec))
    return pool.astype({"row": "int64"})[[*COLUMNS[:5], "outside"]], excluded.counts


def scm_training_set(
    pool: pd.DataFrame, excluded: dict, *, classes: Sequence[str], settings: dict, seed: int, task: str
) -> tuple[pd.DataFrame, dict]:
    """Training set of CNN-SPT or CNN-WDM (section 3.4.1).

    Parameters
    ----------
    pool : pandas.DataFrame
        Of `scm_pool`, with a column ``kept`` (`mstars.classify.screening.screen_labels`).
    excluded : dict
        Reasons so far.
    classes : sequence of str
        Wanted classes; those without a usable spectrum are left out.
    settings : dict
        The config section ``scm``.
    seed : int
    task : str
        Names the random streams.

    Returns
    -------
    table : pandas.DataFrame
        `COLUMNS`, ordered by spectrum_key.
    summary : dict
        Hash of the table, classes, counts, and how many spectra were left out for which reason.

    Raises
    ------
    InputError
        Fewer than two classes have spectra.
    """
    pool = pool[pool["label"].isin(list(classes))]
    excluded = {**excluded, f"M that does not look it (scm.screen: {settings['screen']})": int((~pool["kept"]).sum())}
    pool = pool[pool["kept"]].reset_index(drop=True)
    present = [name for name in classes if (pool["label"] == name).any()]
    if len(present) < 2:
        raise InputError(
            f"training set {task}: spectra of {', '.join(present) or 'no class'} only, {len(classes)} classes wanted "
            f"({', '.join(classes)}); give catalogues of the other classes (release.*), or trained models (models.path)"
        )
    return _finish(pool, excluded, present, settings, seed, task)


def dmgm_training_set(
    m_catalog: pd.DataFrame,
    spectra: pd.DataFrame,
    stars: pd.DataFrame,
    photometry: pd.DataFrame,
    *,
    settings: dict,
    radius_arcsec: float,
    seed: int,
) -> tuple[pd.DataFrame, dict]:
    """Training set of CNN-dMgM (section 3.4.2): m_catalog_v1 with LAMOST's class, less what the CMD contradicts.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v1, with ``lamost_class`` 'dM', 'gM' or ''.
    spectra, stars, photometry
        As for `scm_pool`.
    settings : dict
        The config sections ``scm`` and ``dgcm`` merged.
    radius_arcsec : float
        As for `scm_pool`.
    seed : int

    Returns
    -------
    table, summary
        As for `scm_training_set`; labels dM and gM.

    Raises
    ------
    InputError
        When there is no dwarf, or no giant.
    """
    pool = m_catalog[["spectrum_key", "ra", "dec", *SNR, "lamost_class"]].rename(columns={"lamost_class": "label"})
    excluded = RowFilter(pool)
    excluded.add("in a catalogue twice", pool.duplicated("spectrum_key"))
    pool = _join(pool, spectra, stars, photometry)
    excluded.follow(pool)
    excluded.add("no usable spectrum (rejected at ingest)", pool["row"].isna())
    excluded.add("no luminosity class from LAMOST", ~pool["label"].isin(LUMINOSITY_CLASSES))
    excluded.add(f"S/N_max below {settings['snr_min']}", ~(snr_max(pool) >= settings["snr_min"]))
    if settings["drop_cmd_disagreement"]:
        placed = (pool["CMD_flag"] == 1) & pool["CMD_pos"].isin(LUMINOSITY_CLASSES)
        excluded.add("CMD region contradicts the class", placed & (pool["CMD_pos"] != pool["label"]))
    pool = pool[excluded.kept].sort_values("spectrum_key", kind="stable", ignore_index=True)
    pool["star_id"] = star_groups(pool, radius_arcsec)
    missing = [name for name in LUMINOSITY_CLASSES if not (pool["label"] == name).any()]
    if missing:
        raise InputError(
            f"training set dmgm: no spectra of class {', '.join(missing)}; give trained models (models.path)"
        )
    return _finish(pool, excluded.counts, list(LUMINOSITY_CLASSES), settings, seed, "dmgm")


def _join(pool: pd.DataFrame, spectra: pd.DataFrame, stars: pd.DataFrame, photometry: pd.DataFrame) -> pd.DataFrame:
    pool = pool.merge(spectra[["spectrum_key", "batch", "row"]], on="spectrum_key", how="left")
    pool = pool.merge(stars[["spectrum_key", "star_id"]].drop_duplicates("spectrum_key"), on="spectrum_key", how="left")
    pool = pool.merge(photometry[["spectrum_key", "CMD_flag", "CMD_pos"]], on="spectrum_key", how="left")
    return pool.fillna({"CMD_flag": 0, "CMD_pos": ""})


def _sample(labels: pd.Series, classes: Sequence[str], most: int, generator) -> np.ndarray:
    """Rows of at most ``most`` spectra of each class, in order."""
    taken = [generator.permutation(np.flatnonzero(labels == name))[:most] for name in classes]
    return np.sort(np.concatenate(taken))


def _finish(pool: pd.DataFrame, excluded: dict, classes: list[str], settings: dict, seed: int, task: str):
    """Sample n per class, split, and describe."""
    generator = rng(seed, "training set", task)
    available = pool["label"].value_counts()
    pool = pool.iloc[_sample(pool["label"], classes, settings["n_per_class"], generator)].reset_index(drop=True)
    labels, stars = pool["label"].to_numpy(dtype=str), pool["star_id"].to_numpy(dtype=str)
    valid = split(labels, stars, settings["split"], settings["valid_share"], generator)
    pool["split"] = np.where(valid, "valid", "train")
    table = pool.astype({"row": "int64"})[list(COLUMNS)]
    counts = {
        name: {side: int(((labels == name) & (valid == flag)).sum()) for side, flag in _SIDES} for name in classes
    }
    summary = {
        "task": task,
        "classes": classes,
        "counts": counts,
        "available": {name: int(available[name]) for name in classes},
        "stars": int(pool["star_id"].nunique()),
        "excluded": excluded,
        "settings": settings,
        "hash": table_hash(table),
    }
    return table, summary


_SIDES = (("train", False), ("valid", True))
