"""Two versions of a catalogue: which spectra came, went or changed, in which field, and why.

Give two folders of results (``results/dr10`` and ``results/dr11``), or two catalogues as Parquet. Folders know more:
what was taken out and for what reason, and which models were trained anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.engines.registry import engine_info, engine_names
from mstars.files.hostile import without_formulas
from mstars.files.json_files import read_json
from mstars.files.tables import read_table, write_table

HELP = "which stars changed between two versions of a catalogue, in which field and why"
KEY = "spectrum_key"
# fields that are made together, in the order in which one rests on another; the first that changed explains the rest
GROUPS = {
    "spectrum": ("obsid", "filename", "snr", "orp_", "z", "z_err"),
    "crossmatch": (
        "gaia",
        "source_id",
        "star_id",
        "apogee",
        "r_med_geo",
        "ebv",
        "bp_rp",
        "M_G",
        "CMD",
        "W1",
        "W2",
        "e_W",
    ),
    "class": ("spt_", "wdm_", "luminosity_class", "label", "candidate_reasons", "review_status"),
    "velocity": ("rv",),
    "parameters": (*LABELS, "parameter"),
}
MODELS = {
    "class": ("spt", "wdm", "dmgm"),
    "parameters": tuple(f"{engine_info(name).stem}_" for name in engine_names()),
}


@dataclass
class Version:
    """One version: its catalogue, why spectra are not in it, and the training sets of its models."""

    table: pd.DataFrame
    absent: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)


def read_version(path: str | Path) -> Version:
    """Read a folder of results or one catalogue (Parquet).

    Raises
    ------
    InputError
        When there is no catalogue, or it lacks spectrum_key.
    """
    path = Path(path)
    if not path.is_dir():
        return Version(_keyed(read_table(path), path))
    catalog = path / "catalogs" / "recommended.parquet"
    if not catalog.is_file():
        raise InputError(f"{path}: holds no catalogs/recommended.parquet; run the workflow first, or name a catalogue")
    absent: dict[str, str] = {}
    for name in ("ingest/rejected", "catalogs/non_m_catalog_v1", "catalogs/non_m_catalog_v2", "catalogs/non_m"):
        file = path / f"{name}.parquet"
        if file.is_file():
            rows = read_table(file)
            if {KEY, "reason"} <= set(rows.columns):
                what = "rejected: " if name.startswith("ingest") else "not an M star: "
                absent |= dict(zip(rows[KEY].astype(str), what + rows["reason"].astype(str), strict=True))
    models = {}
    for file in sorted(path.glob("models/**/model.json")):
        about = read_json(file)
        models[str(file.parent.relative_to(path / "models"))] = str(_find(about, "training_set"))
    return Version(_keyed(read_table(catalog), catalog), absent, models)


def _keyed(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    if KEY not in table or table[KEY].duplicated().any():
        raise InputError(f"{path}: needs a column {KEY} with each spectrum once")
    return table.set_index(table[KEY].astype(str)).drop(columns=KEY)


def _find(value, name: str):
    """The first entry of this name in nested mappings; empty when there is none."""
    if isinstance(value, dict):
        if name in value:
            return value[name]
        for item in value.values():
            if (found := _find(item, name)) != "":
                return found
    return ""


def group_of(column: str) -> str:
    """The group of fields a column belongs to; ``other`` when none claims it."""
    for group, starts in GROUPS.items():
        if column in starts or any(len(start) > 1 and column.startswith(start) for start in starts):
            return group
    return "other"


def differs(old: pd.Series, new: pd.Series, tolerance: float) -> np.ndarray:
    """Where two columns differ; two nulls are equal, and numbers within ``tolerance`` (relative) are."""
    a, b = old.to_numpy(dtype=object), new.to_numpy(dtype=object)
    null_a, null_b = pd.isna(a), pd.isna(b)
    if pd.api.types.is_numeric_dtype(old) and pd.api.types.is_numeric_dtype(new):
        x, y = old.to_numpy(dtype=float, na_value=np.nan), new.to_numpy(dtype=float, na_value=np.nan)
        with np.errstate(invalid="ignore"):
            unlike = ~np.isclose(x, y, rtol=tolerance, atol=0)
    else:
        unlike = a != b
    return np.where(null_a | null_b, null_a != null_b, unlike).astype(bool)


def changes(
    old: Version, new: Version, *, tolerance: float = 1e-6, columns: Iterable[str] | None = None
) -> pd.DataFrame:
    """Everything that differs between two versions.

    Parameters
    ----------
    old, new : Version
        The versions.
    tolerance : float
        Relative difference below which two numbers count as equal.
    columns : iterable of str, optional
        Only these fields; all that both versions have by default.

    Returns
    -------
    pandas.DataFrame
        ``spectrum_key``, ``change`` (added, removed or changed), ``field``, ``old``, ``new`` and ``why``, by key.
    """
    rows = []
    for key in new.table.index.difference(old.table.index):
        rows.append((key, "added", "", "", "", f"was {old.absent[key]}" if key in old.absent else "new spectrum"))
    for key in old.table.index.difference(new.table.index):
        rows.append((key, "removed", "", "", "", new.absent.get(key, "not in the new version's input")))
    both = old.table.index.intersection(new.table.index, sort=False)
    a, b = old.table.loc[both], new.table.loc[both]
    shared = [name for name in a.columns if name in b.columns and (columns is None or name in set(columns))]
    unlike = {name: differs(a[name], b[name], tolerance) for name in shared}
    first = _first_causes(a, b, unlike, retrained(old, new))
    for name in shared:
        group = group_of(name)
        for row in np.flatnonzero(unlike[name]):
            values = (str(a[name].iloc[row]), str(b[name].iloc[row]))
            rows.append((both[row], "changed", name, *values, first[row].get(group, f"{group} remade")))
    table = pd.DataFrame(rows, columns=[KEY, "change", "field", "old", "new", "why"])
    return table.sort_values([KEY, "change", "field"], kind="stable", ignore_index=True)


def retrained(old: Version, new: Version) -> dict[str, list[str]]:
    """Models of each group of fields whose training set changed, or that one version alone has."""
    names = {name for name in old.models.keys() | new.models.keys() if old.models.get(name) != new.models.get(name)}
    return {
        group: sorted({name.split("/")[0] for name in names if name.startswith(starts)})
        for group, starts in MODELS.items()
        if any(name.startswith(starts) for name in names)
    }


def _first_causes(a, b, unlike: dict[str, np.ndarray], models: dict[str, list[str]]) -> list[dict[str, str]]:
    """For each row and group of fields the reason: an earlier group that changed, a decision, a model, a method."""
    n = len(a)
    groups: dict[str, np.ndarray] = {}
    for name, where in unlike.items():
        group = group_of(name)
        groups[group] = groups.get(group, np.zeros(n, bool)) | where
    reasons: list[dict[str, str]] = [{} for _ in range(n)]
    for row in np.flatnonzero(np.any(list(groups.values()), axis=0)) if groups else []:
        earlier = ""
        for group in GROUPS:
            if group not in groups or not groups[group][row]:
                continue
            own = _own_reason(group, a.iloc[row], b.iloc[row], unlike, row) or (
                f"models trained anew: {', '.join(models[group])}" if group in models else ""
            )
            reasons[row][group] = own or (f"{earlier} changed" if earlier else f"{group} remade")
            earlier = group
    return reasons


def _own_reason(group: str, old: pd.Series, new: pd.Series, unlike: dict[str, np.ndarray], row: int) -> str:
    """A reason that the row itself tells: a person's decision, another method, another match."""
    told = {"class": "review_status", "velocity": "rv_from", "crossmatch": "gaia_source_id"}.get(group)
    if told not in unlike or not unlike[told][row]:
        return ""
    return f"{told}: {old[told]} -> {new[told]}"


def describe(table: pd.DataFrame, old: Version, new: Version) -> str:
    """The changes in a few lines: how many spectra, which fields, which reasons."""
    lines = [f"{len(old.table)} spectra before, {len(new.table)} now"]
    for change, rows in table.groupby("change"):
        lines.append(f"{change}: {rows[KEY].nunique()} spectra")
        for (name, why), group in sorted(rows.groupby(["field", "why"]), key=lambda item: -len(item[1]))[:12]:
            lines.append(f"  {len(group):>8}  {name or '-':<20} {why}")
    if not len(table):
        lines.append("nothing changed")
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mstars diff``."""
    parser.add_argument("old", help="folder of results, or a catalogue (Parquet)")
    parser.add_argument("new", help="the same of the newer version")
    parser.add_argument("--fields", nargs="+", metavar="FIELD", help="only these fields")
    parser.add_argument("--tolerance", type=float, default=1e-6, help="numbers this close (relative) are equal")
    parser.add_argument("--output", metavar="FILE", help="write every change to a CSV or Parquet file")


def run(arguments: argparse.Namespace) -> int:
    """Print what changed, and write it where asked."""
    old, new = read_version(arguments.old), read_version(arguments.new)
    table = changes(old, new, tolerance=arguments.tolerance, columns=arguments.fields)
    print(describe(table, old, new))
    if arguments.output and arguments.output.endswith(".csv"):
        without_formulas(table).to_csv(arguments.output, index=False)
    elif arguments.output:
        write_table(table, arguments.output)
    return 0
