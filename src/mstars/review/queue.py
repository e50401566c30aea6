"""Queues for people to look at: a table, an empty decision file and a picture of each candidate."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from mstars.errors import InputError
from mstars.review.decisions import COLUMNS, labels
from mstars.review.pictures import Sheet
from mstars.store import atomic_path, read_batch

_FIRST = ("spectrum_key", "picture", "consensus_label", "candidate_reasons", "priority")


def picture_name(key: str) -> str:
    """File name of a candidate's picture; whatever a header may hold, it is a plain name."""
    return re.sub(r"[^A-Za-z0-9_+-]", "_", key) + ".png"


def ordered(candidates: pd.DataFrame) -> pd.DataFrame:
    """Candidates in the order to look at them: highest priority first, then by key."""
    if "priority" not in candidates:
        return candidates.sort_values("spectrum_key", kind="stable").reset_index(drop=True)
    order = ["priority", "spectrum_key"]
    return candidates.sort_values(order, ascending=[False, True], kind="stable").reset_index(drop=True)


def export_queue(
    queue: str, candidates: pd.DataFrame, table_path: str | Path, template_path: str | Path
) -> pd.DataFrame:
    """Write ``queue.csv`` (candidates with their evidence) and ``template.csv`` (a decision file to fill in).

    Parameters
    ----------
    queue : str
        scm, dgcm or rv.
    candidates : pandas.DataFrame
        spectrum_key, consensus_label and any columns of evidence.
    table_path, template_path : str or Path
        Where to write. The template has a row for each candidate, its label left blank: such rows decide nothing.

    Returns
    -------
    pandas.DataFrame
        The table as written, in its order, with the picture's name.
    """
    labels(queue)
    table = ordered(candidates)
    table["picture"] = ["pictures/" + picture_name(key) for key in table["spectrum_key"]]
    first = [name for name in _FIRST if name in table]
    table = table[first + [name for name in table if name not in first]]
    with atomic_path(table_path) as temporary:
        table.to_csv(temporary, index=False)
    with atomic_path(template_path) as temporary:
        table[["spectrum_key"]].reindex(columns=list(COLUMNS)).to_csv(temporary, index=False)
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
