"""Spectra of other classes than M, from LAMOST's other catalogues, to train the classifiers with (section 3.4.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.randomness import rng
from mstars.core.snr import SNR
from mstars.files.tables import among
from mstars.lamost.catalogs import PLACED, REQUIRED, iter_catalog
from mstars.lamost.ingest import rejected_table

TRAINING_COLUMNS = {"label": "str", "source_catalog": "str"}
"""What class_catalog has beside the columns of m_catalog_v0."""

Contradicted = Callable[[pd.DataFrame], np.ndarray]
"""Which rows of a table (ra, dec, label) an external class contradicts: bool [n]."""

_NEEDED = {"general": REQUIRED, "afgk": REQUIRED, "wd": PLACED}
_SPARE = 2  # so many times the wanted number are kept while reading, because some will be left out


def choose_training(
    catalogs: dict[str, str | Path | None],
    candidates: pd.Series,
    *,
    per_class: int,
    snr_max: float,
    seed: int,
    contradicted: Mapping[str, Contradicted] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Draw training spectra of the classes OB, A, F, G, K, GALAXY, QSO and WD.

    Parameters
    ----------
    catalogs : dict
        Paths by source (general, afgk, wd), None where there is none.
    candidates : pandas.Series
        Spectrum_keys of the M catalogue: they are not used.
    per_class : int
        At most so many a class, drawn at random.
    snr_max : float
        The best S/N of the five bands must be at least this.
    seed : int
        Seed of the draw.
    contradicted : mapping of str to callable, optional
        By name of an external table of classes: which rows it contradicts. They leave before the draw.

    Returns
    -------
    training : pandas.DataFrame
        Rows of the catalogues with ``label`` and ``source_catalog``.
    rejected : pandas.DataFrame
        Rows that can't be used, and those that are candidates, with the reason.
    notes : list of str
        What was left out by intention.
    """
    parts, rejected, notes = [], [], []
    for source, path in catalogs.items():
        if path is None:
            notes.append(f"release.{source}_catalog is not set: no training spectra from it")
            continue
        part, unreadable, left_out = _read_source(path, source, _SPARE * per_class, snr_max, seed, contradicted or {})
        parts.append(part)
        rejected.append(unreadable)
        notes += [
            f"{source} catalogue: {count} spectra {why}, not used for training" for why, count in left_out.items()
        ]
    if not parts:
        empty = pd.DataFrame({"spectrum_key": pd.Series(dtype="str"), "role": pd.Series(dtype="str")})
        return empty, rejected_table([]), notes
    table = pd.concat(parts, ignore_index=True)
    differ = table.groupby("spectrum_key")["label"].transform("nunique") > 1
    rejected.append(table[differ].assign(reason="labels of two catalogues differ"))
    table, repeats = first_of_key(table[~differ], "the catalogues of other classes")
    shared = among(table["spectrum_key"], candidates)
    rejected += [repeats, table[shared].assign(reason="also in the M catalogue: a candidate, not training")]
    table = _smallest_draws(table[~shared], per_class).drop(columns="draw").reset_index(drop=True)
    counts = table["label"].value_counts().sort_index()
    notes.append("training spectra: " + ", ".join(f"{count} {label}" for label, count in counts.items()))
    return table, pd.concat([rejected_table(part) for part in rejected], ignore_index=True), notes


def _read_source(path, source: str, at_most: int, snr_max: float, seed: int, contradicted: Mapping[str, Contradicted]):
    """The usable rows of one catalogue, at most so many a class; rejected rows; how many were left out for what."""
    random = rng(seed, "plan", source)
    faint = f"have S/N_max below {snr_max:g}"
    kept, rejected = pd.DataFrame(), []
    left_out = {faint: 0} | {f"are contradicted by {name}": 0 for name in contradicted}
    for part, unreadable in iter_catalog(path, _NEEDED[source]):
        part = part.assign(role="train", source_catalog=source, label=training_label(part, source))
        part["draw"] = random.random(len(part))
        rejected.append(unreadable.assign(role="train"))
        wanted = part["label"] != ""
        bright = part[list(SNR)].max(axis=1) >= snr_max
        left_out[faint] += int((wanted & ~bright).sum())
        part = part[wanted & bright]
        for name, says_no in contradicted.items():
            wrong = says_no(part)
            left_out[f"are contradicted by {name}"] += int(wrong.sum())
            part = part[~wrong]
        kept = _smallest_draws(pd.concat([kept, part], ignore_index=True) if len(kept) else part, at_most)
    return kept, pd.concat(rejected, ignore_index=True), left_out


def _smallest_draws(table: pd.DataFrame, at_most: int) -> pd.DataFrame:
    """A random sample of each class: the rows of the smallest draws, in their old order."""
    order = table.sort_values("draw", kind="stable").groupby("label", sort=False).head(at_most).index
    return table.loc[order.sort_values()]


def first_of_key(table: pd.DataFrame, where: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The first row of each spectrum, and the others as rejected rows."""
    again = table["spectrum_key"].duplicated()
    return table[~again].reset_index(drop=True), table[again].assign(reason=f"same spectrum twice in {where}")


def training_label(table: pd.DataFrame, source: str) -> np.ndarray:
    """Class of each row for CNN-SPT and CNN-WDM, '' for none: str [n].

    ``source`` is general (OB, GALAXY, QSO), afgk (A, F, G, K) or wd (WD).
    """
    kind = table["class"].str.upper().to_numpy(dtype=str)
    letter = table["subclass"].str.strip().str.slice(0, 1).str.upper().to_numpy(dtype=str)
    if source == "wd":
        return np.full(len(table), "WD")
    if source == "afgk":
        return np.where(np.isin(letter, list("AFGK")), letter, "")
    star = (kind == "STAR") & np.isin(letter, ["O", "B"])
    return np.select([star, kind == "GALAXY", kind == "QSO"], ["OB", "GALAXY", "QSO"], "")
