"""Labelled spectra of an engine: m_catalog_v3 with the labels of a survey, in folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.randomness import rng
from mstars.core.snr import SNR, snr_max
from mstars.files.row_filter import RowFilter, table_hash
from mstars.parameters.apogee_filter import apogee_filter
from mstars.parameters.folds import assign_folds
from mstars.quality.recommended import rv_flag
from mstars.sky.star_groups import star_groups

KEPT = ("spectrum_key", "batch", "row", "star_id", "rv", "snri", "ASPCAP_CLASS")
"""Columns of a label set beside labels and fold; ASPCAP_CLASS where the labels are APOGEE's."""


@dataclass(frozen=True)
class SurveyRules:
    """What the survey decides for the labelled spectra of every engine.

    Attributes
    ----------
    rv_cut : str
        The last day with doubtful wavelengths (``quality.rv_cut``).
    radius_arcsec : float
        Spectra this near to each other are of one star (``crossmatch.radius_arcsec``).
    seed : int
        The config's.
    """

    rv_cut: str
    radius_arcsec: float
    seed: int


@dataclass(frozen=True)
class SetNames:
    """What messages and summaries call a label set, the config section of its settings, and the labels' survey."""

    name: str
    section: str
    source: str = "APOGEE"


def label_set(
    m_catalog: pd.DataFrame,
    labelled: pd.DataFrame,
    spectra: pd.DataFrame,
    stars: pd.DataFrame,
    *,
    kind: str,
    labels: Sequence[str],
    settings: Mapping,
    rules: SurveyRules,
    names: SetNames,
) -> tuple[pd.DataFrame, dict]:
    """Label transfer: which spectra of a class an engine learns from, with which labels, in which fold.

    A spectrum is left out, and counted under the first reason that applies, when it has no labelled star, no usable
    spectrum, S/N_max below the limit, no RV, rv_flag 0 (unless ``settings["training_rv"]`` is any), a label that is
    missing, an ASPCAP_CLASS whose d/g letter contradicts ``kind``, a bit of ``settings["aspcapflag_reject"]``, or a
    value outside ``settings["cuts"]``.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v3: spectrum_key, ra, dec, snru..snrz, obsdate, luminosity_class, rv (km/s).
    labelled : pandas.DataFrame
        Of `mstars.parameters.apogee_filter.apogee_labels`, or of another survey: spectrum_key, the labels with
        ``{label}_label_err`` (NaN where unknown), and label_id, which is null where the spectrum has no labelled star.
    spectra, stars : pandas.DataFrame
        spectrum_key, batch, row of what the stores hold; spectrum_key, star_id.
    kind : {"dM", "gM"}
    labels : sequence of str
        Which labels; all are needed.
    settings : mapping
        folds, split, snr_min, min_labelled; for APOGEE's labels aspcap_class and aspcapflag_reject; and cuts, limits by
        column of ``labelled``, each (lower, upper) with None for no limit.
    rules : SurveyRules
    names : SetNames

    Returns
    -------
    table : pandas.DataFrame
        `KEPT`, the labels with ``{label}_label_err``, and fold; ordered by spectrum_key.
    summary : dict
        Hash, counts, and how many spectra were left out for which reason.

    Raises
    ------
    InputError
        Fewer stars (or spectra) than folds or than ``settings["min_labelled"]``.
    """
    pool, excluded = _pool(m_catalog, labelled, spectra, stars, kind, labels, settings, rules, names)
    pool["fold"] = _folds(pool, kind, settings, rules.seed, names)
    columns = [*(one for one in KEPT if one in pool), *labels, *(f"{label}_label_err" for label in labels), "fold"]
    table = pool.astype({"row": "int64", "fold": "int64"})[columns]
    return table, _summary(table, labels, settings, names, excluded)


def _pool(m_catalog, labelled, spectra, stars, kind, labels, settings, rules, names) -> tuple[pd.DataFrame, dict]:
    """The labelled spectra that stay, in order and with their stars; how many were left out for which reason."""
    wanted = ["spectrum_key", "ra", "dec", *SNR, "obsdate", "rv"]
    pool = m_catalog.loc[m_catalog["luminosity_class"] == kind, wanted].reset_index(drop=True)
    kept = RowFilter(pool)
    kept.add("in a catalogue twice", pool.duplicated("spectrum_key"))
    pool = pool.merge(spectra[["spectrum_key", "batch", "row"]], on="spectrum_key", how="left")
    pool = pool.merge(stars[["spectrum_key", "star_id"]].drop_duplicates("spectrum_key"), on="spectrum_key", how="left")
    pool = pool.merge(labelled, on="spectrum_key", how="left")
    kept.follow(pool)
    kept.add(f"no {names.source} star", pool["label_id"].isna())
    kept.add("no usable spectrum (rejected at ingest)", pool["row"].isna())
    kept.add(f"S/N_max below {settings['snr_min']}", ~(snr_max(pool) >= settings["snr_min"]))
    kept.add("no RV", ~np.isfinite(pool["rv"].to_numpy(dtype=float)))
    if settings.get("training_rv") != "any":
        doubtful = rv_flag(pool["rv"], pool["obsdate"], rules.rv_cut) == 0
        kept.add(f"rv_flag 0 (wavelengths before {rules.rv_cut})", doubtful)
    for label in labels:
        kept.add(f"{label} missing in {names.source}", ~np.isfinite(pool[label].to_numpy(dtype=float)))
    for reason, rejected in apogee_filter(pool, kind, settings).items():
        kept.add(reason, rejected)
    for column, limits in settings.get("cuts", {}).items():
        kept.add(f"{column} outside {_interval(limits)}", ~_within(pool, column, limits, names.section))
    pool = pool[kept.kept].sort_values("spectrum_key", kind="stable", ignore_index=True)
    pool["star_id"] = star_groups(pool, rules.radius_arcsec)
    return pool, kept.counts


def _summary(table: pd.DataFrame, labels, settings: Mapping, names: SetNames, excluded: dict) -> dict:
    return {
        "task": names.name,
        "labels": list(labels),
        "spectra": len(table),
        "stars": int(table["star_id"].nunique()),
        "folds": np.bincount(table["fold"], minlength=settings["folds"]).tolist(),
        "excluded": excluded,
        "settings": dict(settings),
        "hash": table_hash(table),
    }


def _interval(limits: Sequence[float | None]) -> str:
    lower, upper = limits
    return f"{'' if lower is None else f'{lower:g}'}..{'' if upper is None else f'{upper:g}'}"


def _within(pool: pd.DataFrame, column: str, limits: Sequence[float | None], section: str) -> np.ndarray:
    """Limits included; a value that is missing is within, so that a label without an error stays."""
    if column not in pool:
        raise InputError(f"{section}.cuts: no column {column!r} among the labels")
    values = pool[column].to_numpy(dtype=float)
    lower, upper = (other if limit is None else limit for limit, other in zip(limits, (-np.inf, np.inf), strict=True))
    return ~np.isfinite(values) | ((values >= lower) & (values <= upper))


def _folds(pool: pd.DataFrame, kind: str, settings: Mapping, seed: int, names: SetNames) -> np.ndarray:
    by_star = settings["split"] == "star"
    units = pool["star_id"].to_numpy(dtype=str) if by_star else pool["spectrum_key"].to_numpy(dtype=str)
    least = max(settings["folds"], settings["min_labelled"])
    count = len(np.unique(units))
    if count < least:
        what = "stars" if by_star else "spectra"
        more = f"give {names.source} labels (external.{names.source.lower()}) for more of them"
        raise InputError(
            f"training set {names.name}: {count} labelled {what}, at least {least} are needed for {settings['folds']} "
            f"folds ({names.section}.folds, {names.section}.min_labelled); {more}, or trained models (models.path)"
        )
    # the same stream for every engine: engines with the same labelled stars have the same folds
    return assign_folds(units, settings["folds"], rng(seed, "folds", kind))
