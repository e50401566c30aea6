"""Queues for people to look at: a table, an empty decision file and a picture of each candidate."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.errors import InputError
from mstars.core.velocities import SOURCES
from mstars.files.hostile import without_formulas
from mstars.files.stores import read_batch
from mstars.files.whole import atomic_path
from mstars.review.decisions import DECISION_COLUMNS, labels

_FIRST = ("spectrum_key", "picture", "consensus_label", "candidate_reasons", "priority", "assigned")

VELOCITIES = tuple(SOURCES[method][0] for method in ("LAMOST", "TM", "DSAL_I", "DSAL_II"))
"""Columns of the velocities that the rv queue compares, km/s."""

ORDERS = ("priority", "disagreement", "uncertainty", "ood", "key")
"""What comes first in a queue: what its stage finds most urgent, what the methods disagree most about, where they are
least sure, what is least like M stars, or simply the order of the keys."""


def picture_name(key: str) -> str:
    """File name of a candidate's picture; whatever a header may hold, it is a plain name."""
    return re.sub(r"[^A-Za-z0-9_+-]", "_", key) + ".png"


def order_value(candidates: pd.DataFrame, by: str) -> np.ndarray:
    """How early each candidate is shown.

    Parameters
    ----------
    candidates : pandas.DataFrame, [n]
    by : str
        One of `ORDERS`. Disagreement is how evenly the methods' votes are split (in scm: SPT, WDM, CMD; in dgcm:
        LAMOST, CNN, CMD) or how far their velocities lie apart (rv). Uncertainty is the probability that the least sure
        network leaves to the other classes, or the error of the most certain velocity.

    Returns
    -------
    ndarray, float64 [n]
        Higher comes first.

    Raises
    ------
    InputError
        For an unknown order, or one whose columns the candidates do not have.
    """
    if by not in ORDERS:
        raise InputError(f"review.order: {by!r} is not one of {', '.join(ORDERS)}")
    nothing = np.zeros(len(candidates))
    if by == "ood":
        if "ood_score" not in candidates:
            raise InputError("review.order: ood needs the column ood_score; set scm.ood.use, or choose another order")
        return candidates["ood_score"].to_numpy(dtype=float, na_value=-np.inf)
    if by == "priority" and "priority" in candidates:
        return candidates["priority"].to_numpy(dtype=float, na_value=-np.inf)
    if by == "disagreement":
        return _disagreement(candidates)
    return _uncertainty(candidates) if by == "uncertainty" else nothing


def _disagreement(table: pd.DataFrame) -> np.ndarray:
    speeds = [name for name in VELOCITIES if name in table]
    if speeds:
        value = table[speeds].astype(float)
        return (value.max(axis=1) - value.min(axis=1)).fillna(0.0).to_numpy()
    against, votes = np.zeros(len(table)), np.zeros(len(table))
    sides = {
        **{"spt_class": ("M", "K"), "wdm_class": ("M",), "lamost_class": ("dM",), "dmgm_class": ("dM",)},
        "CMD_pos": ("dM",) if "dmgm_class" in table else LUMINOSITY_CLASSES,
    }
    for name, agreeing in sides.items():
        if name in table:
            said = table[name].fillna("").to_numpy(dtype=object)
            known = (said != "") & ((table["CMD_flag"].fillna(0) == 1).to_numpy() | (name != "CMD_pos"))
            votes += known
            against += known & ~np.isin(said, agreeing)
    return np.minimum(against, votes - against)


def _uncertainty(table: pd.DataFrame) -> np.ndarray:
    errors = [f"{name}_err" for name in VELOCITIES if f"{name}_err" in table]
    if errors:
        return table[errors].astype(float).min(axis=1).fillna(np.inf).to_numpy()
    probability = [name for name in ("spt_prob", "wdm_prob", "dmgm_prob") if name in table]
    return 1.0 - table[probability].astype(float).min(axis=1).fillna(0.0).to_numpy()


def ordered(candidates: pd.DataFrame, by: str = "priority") -> pd.DataFrame:
    """Candidates in the order to look at them.

    Parameters
    ----------
    candidates : pandas.DataFrame
    by : str
        One of `ORDERS`. Equals are in the order of their keys.
    """
    value = order_value(candidates, by)
    rows = np.lexsort((candidates["spectrum_key"].to_numpy(dtype=str), -value))
    return candidates.iloc[rows].reset_index(drop=True)


def share_of_key(key: str, salt: str) -> float:
    """A number in [0, 1) that depends on the key and the salt alone: the same on every machine and after a rerun.

    Parameters
    ----------
    key : str
    salt : str
        What the number is used for. Numbers of two salts are independent.
    """
    return int.from_bytes(hashlib.blake2b(f"{salt}\x1f{key}".encode(), digest_size=7).digest(), "big") / 2**56


def assign(keys: Sequence[str], reviewers: Sequence[str], overlap: float) -> list[str]:
    """Who looks at which spectrum.

    Parameters
    ----------
    keys : sequence of str, [n]
        spectrum_keys. What a spectrum gets depends on its key alone, so a queue that changes after a retraining leaves
        the other spectra with their reviewers.
    reviewers : sequence of str
        Names. Empty: nobody is named, and whoever comes gets the next spectrum.
    overlap : float
        Share of the spectra, 0 to 1, that two reviewers look at.

    Returns
    -------
    list of str, [n]
        One name, or two with ';' between; empty without reviewers.
    """
    if not reviewers:
        return [""] * len(keys)
    names, count = list(reviewers), len(reviewers)
    result = []
    for key in keys:
        first = int(share_of_key(key, "reviewer") * count)
        result.append(names[first])
        if count > 1 and share_of_key(key, "overlap") < overlap:
            second = (first + 1 + int(share_of_key(key, "second") * (count - 1))) % count
            result[-1] += f";{names[second]}"
    return result


def export_queue(
    queue: str,
    candidates: pd.DataFrame,
    table_path: str | Path,
    template_path: str | Path,
    settings: dict | None = None,
) -> pd.DataFrame:
    """Write ``queue.csv`` (candidates with their evidence) and ``template.csv`` (a decision file to fill in).

    Parameters
    ----------
    queue : str
        One of `mstars.review.decisions.QUEUES`.
    candidates : pandas.DataFrame
        spectrum_key, consensus_label and any columns of evidence.
    table_path, template_path : str or Path
        Where to write. The template has a row for each candidate, its label left blank: such rows decide nothing.
    settings : dict, optional
        The config section ``review``: order, reviewers, overlap.

    Returns
    -------
    pandas.DataFrame
        The table as written, in its order, with the picture's name and, with named reviewers, who looks at it.
    """
    labels(queue)
    settings = settings or {}
    # the random check keeps the order it was drawn in, or those looked at first would be no sample
    table = ordered(candidates, "priority" if queue == "random" else settings.get("order", "priority"))
    table["picture"] = ["pictures/" + picture_name(key) for key in table["spectrum_key"]]
    if settings.get("reviewers"):
        table["assigned"] = assign(table["spectrum_key"], settings["reviewers"], settings["overlap"])
    first = [name for name in _FIRST if name in table]
    table = table[first + [name for name in table if name not in first]]
    with atomic_path(table_path) as temporary:
        without_formulas(table).to_csv(temporary, index=False)
    with atomic_path(template_path) as temporary:
        table[["spectrum_key"]].reindex(columns=list(DECISION_COLUMNS)).to_csv(temporary, index=False)
    return table


def write_pictures(
    queue: str,
    table: pd.DataFrame,
    index: pd.DataFrame,
    store: Callable[[str], Path],
    folder: str | Path,
    most: int | None = None,
) -> int:
    """Draw the first candidates of a queue, one PNG each.

    Parameters
    ----------
    queue : str
        scm, dgcm or rv: what is marked in the spectrum.
    table : pandas.DataFrame
        Candidates in order, with the evidence that the picture prints (columns that are absent are left out).
    index : pandas.DataFrame
        spectrum_key, batch, row: where each spectrum is stored.
    store : callable
        Path of a batch's store by the batch's name.
    folder : str or Path
        Made when missing.
    most : int, optional
        How many pictures at most; None: all.

    Returns
    -------
    int
        Pictures written.

    Raises
    ------
    InputError
        When a candidate has no stored spectrum.
    """
    from mstars.review.pictures import Sheet

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shown = table if most is None else table.head(most)
    shown = shown.drop(columns=["batch", "row"], errors="ignore")
    shown = shown.merge(index[["spectrum_key", "batch", "row"]], on="spectrum_key", how="left", validate="one_to_one")
    if shown["row"].isna().any():
        raise InputError(f"queue {queue}: no stored spectrum of {shown['spectrum_key'][shown['row'].isna()].iloc[0]}")
    if not len(shown):
        return 0
    sheet = Sheet(queue)
    for batch, rows in shown.groupby("batch", sort=True):
        spectra = read_batch(store(batch), rows["row"].to_numpy(dtype=int))
        for number, row in enumerate(rows.to_dict("records")):
            with atomic_path(folder / picture_name(row["spectrum_key"])) as temporary:
                sheet.draw(spectra.wavelength, spectra.flux[number], spectra.bad[number], row, temporary)
    return len(shown)
