"""The plan of a survey: which file belongs to which spectrum, plate and batch, before any spectrum is read."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import pandas as pd

from mstars.core.bands import BANDS
from mstars.core.errors import InputError
from mstars.lamost.cards import UnusableSpectrum
from mstars.lamost.catalogs import add_lamost_columns, catalog_table, coordinate_problems
from mstars.lamost.duplicates import best_usable, read_files
from mstars.lamost.header import header_table
from mstars.lamost.ingest import rejected_table
from mstars.lamost.names import identity_of_name
from mstars.lamost.other_classes import TRAINING_COLUMNS
from mstars.lamost.reader import read_header
from mstars.lamost.snr import lacks_snr
from mstars.lamost.tree import read_tree, shown_path

_AT_ONCE = 10_000  # headers held one by one


@dataclass
class Plan:
    """A survey's input, sorted out.

    Attributes
    ----------
    candidates : pandas.DataFrame
        m_catalog_v0: the spectra that the catalogue is made of.
    training : pandas.DataFrame
        class_catalog: spectra of other classes to train with, with ``label`` and ``source_catalog``.
    rejected : pandas.DataFrame
        What can't be used, with the reason.
    notes : list of str
        What a user should know.
    """

    candidates: pd.DataFrame
    training: pd.DataFrame
    rejected: pd.DataFrame
    notes: list[str] = field(default_factory=list)

    def rows(self) -> pd.DataFrame:
        """The plan itself: spectrum_key, obsid, filename, path, plate, batch, role, by batch and spectrum_key."""
        names = ["spectrum_key", "obsid", "filename", "path", "plate", "batch", "role"]
        rows = pd.concat([self.candidates[names], self.training[names]], ignore_index=True)
        return rows.sort_values(["batch", "spectrum_key"], ignore_index=True)


def plan_files(pattern: str) -> Plan:
    """Plan a folder of files: every file is a candidate, its header is the catalogue.

    Of several files of one spectrum the best usable one stays (see `mstars.lamost.duplicates`); the others are rejected
    rows, as are files whose header can't be read and what can't be looked at.

    Parameters
    ----------
    pattern : str
        A folder (searched to the bottom) or a glob pattern of FITS files and archives of them.

    Raises
    ------
    InputError
        Nothing there, or no file is usable: the first reasons are told.
    """
    tree = read_tree(pattern)
    table, unreadable = _headers(tree.files)
    table = table.assign(role="candidate")
    table["plate"] = table["lmjd"].astype(str) + "-" + table["planid"]
    table, astray = _with_coordinates(table)
    table, others = best_usable(table)
    table = add_lamost_columns(with_snr(table))
    rejected = gather([pd.DataFrame(_refused_rows(tree.refused | unreadable)), others, astray])
    if table.empty:
        raise InputError(f"files.spectra: {pattern!r}: none of {len(rejected)} files is usable; {reasons(rejected)}")
    plan = Plan(catalog_table(table), catalog_table(pd.DataFrame(), TRAINING_COLUMNS), rejected)
    if tree.others:
        kinds = ", ".join(f"{count} {ending}" for ending, count in sorted(tree.others.items()))
        plan.notes.append(f"{sum(tree.others.values())} files of other kinds are not looked at: {kinds}")
    note_doubts(plan)
    return plan


def _headers(paths: list[str]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Header values of the files whose header can be read, with ``path``; why the others' can't be."""
    parts, values, refused = [], [], {}
    for path in paths:
        try:
            values.append({**read_header(path), "path": path})
        except UnusableSpectrum as error:
            refused[path] = str(error)
        if len(values) == _AT_ONCE:  # as a table they take a fifth of the memory
            parts.append(header_table(values, {"path": "str"}))
            values = []
    parts.append(header_table(values, {"path": "str"}))
    return pd.concat(parts, ignore_index=True), refused


def _refused_rows(refused: dict[str, str]) -> list[dict]:
    rows = []
    for path, reason in refused.items():
        known, shown = identity_of_name(path), shown_path(path)
        rows.append(
            {
                "spectrum_key": known.spectrum_key if known else "",
                "plate": known.plate if known else "",
                "filename": os.path.basename(shown),
                "path": shown,
                "role": "candidate",
                "reason": reason,
            }
        )
    return rows


def with_snr(table: pd.DataFrame) -> pd.DataFrame:
    """The table with S/N of the pixels where none is told, and ``snr_from_pixels`` that says where that is."""
    table = table.assign(snr_from_pixels="")
    lacking = table[lacks_snr(table)]
    if lacking.empty:
        return table
    header, _ = read_files(lacking)
    read = header[header["snr_from_pixels"].fillna("") != ""]
    for band in BANDS:
        rows = read.index[read["snr_from_pixels"].str.contains(band)]
        table.loc[rows, f"snr{band}"] = read.loc[rows, f"snr{band}"]
    table.loc[read.index, "snr_from_pixels"] = read["snr_from_pixels"]
    return table


def reasons(rejected: pd.DataFrame) -> str:
    """The first three reasons, each with a file it was given for."""
    first = rejected.drop_duplicates("reason").head(3)
    return "; ".join(f"{row.filename}: {row.reason}" for row in first.itertuples())


def gather(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Rejected rows of several tables as one, of stage ``plan``."""
    return pd.concat([rejected_table(part.assign(stage="plan")) for part in parts], ignore_index=True)


def _with_coordinates(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    reason = coordinate_problems(table["ra"].to_numpy(), table["dec"].to_numpy())
    astray = table[reason != ""].assign(reason=reason[reason != ""])
    return table[reason == ""].reset_index(drop=True), astray


def note_doubts(plan: Plan) -> None:
    """Add notes on what a user should know: a shared obsid, an unknown day, S/N that comes from the pixels."""
    rows = pd.concat([table[["spectrum_key", "obsid"]] for table in (plan.candidates, plan.training)]).dropna()
    shared = rows[rows["obsid"].duplicated(keep=False)].sort_values("spectrum_key")
    for obsid, group in shared.groupby("obsid"):
        plan.notes.append(f"obsid {obsid} belongs to {' and '.join(group['spectrum_key'])}: each is kept by its key")
    undated = plan.candidates.loc[plan.candidates["obsdate"] == "", "spectrum_key"]
    if len(undated):
        plan.notes.append(
            f"{len(undated)} spectra without a day of observation have rv_flag 0, first {undated.iloc[0]}"
        )
    filled = plan.candidates.loc[plan.candidates["snr_from_pixels"] != "", "spectrum_key"]
    if len(filled):
        plan.notes.append(
            f"{len(filled)} spectra have the S/N of their pixels, no card tells it: first {filled.iloc[0]}"
        )
