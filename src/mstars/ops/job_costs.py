"""Snakemake's benchmark files of a survey as one table, and what its tables say about the spectra."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mstars.core.errors import InputError
from mstars.files.json_files import read_json
from mstars.files.tables import read_table

COLUMNS = ["rule", "job", "seconds", "memory_mb", "cpu_seconds", "ended"]


def survey_folder(folder: str | Path) -> Path:
    """The folder of a survey's results, or an `InputError` when it is none."""
    folder = Path(folder)
    if not (folder / "plan").is_dir() and not (folder / "benchmarks").is_dir():
        raise InputError(f"{folder}: no results of a survey here (expected a folder such as results/demo)")
    return folder


def read_benchmarks(folder: str | Path) -> pd.DataFrame:
    """Read ``benchmarks/{rule}.tsv`` and ``benchmarks/{rule}/**.tsv``, one row a job.

    Returns
    -------
    pandas.DataFrame
        ``rule``, ``job`` (wildcards as in the file's name), ``seconds`` of wall time, ``memory_mb`` (largest resident
        set; NaN where Snakemake measured none), ``cpu_seconds`` and ``ended`` (seconds since 1970).
    """
    root = Path(folder) / "benchmarks"
    rows = []
    for path in sorted(root.rglob("*.tsv")):
        parts = path.relative_to(root).with_suffix("").parts
        try:
            table = pd.read_csv(path, sep="\t", na_values="-")
            last = table.iloc[-1]
            values = [float(last["s"]), float(last["max_rss"]), float(last["cpu_time"])]
        except (KeyError, IndexError, ValueError):
            continue  # being written, or of another Snakemake
        rows.append([parts[0], "/".join(parts[1:]), *values, path.stat().st_mtime])
    return pd.DataFrame(rows, columns=COLUMNS)


def by_rule(benchmarks: pd.DataFrame) -> pd.DataFrame:
    """Jobs, seconds (sum and longest), CPU seconds and largest memory of each rule, the most expensive first."""
    groups = benchmarks.groupby("rule")
    table = pd.DataFrame(
        {
            "jobs": groups.size(),
            "seconds": groups["seconds"].sum(),
            "longest": groups["seconds"].max(),
            "cpu_seconds": groups["cpu_seconds"].sum(),
            "memory_mb": groups["memory_mb"].max(),
        }
    )
    return table.sort_values("seconds", ascending=False).reset_index()


def _rows(path: Path) -> int | None:
    return len(read_table(path, ["spectrum_key"])) if path.is_file() else None


def counts(folder: str | Path) -> dict[str, int]:
    """Number of spectra in each of the survey's tables that is there already, in the order of the workflow."""
    folder = Path(folder)
    tables = {
        "M catalogue (v0)": "plan/m_catalog_v0.parquet",
        "for training, other classes": "plan/class_catalog.parquet",
        "without a file": "plan/rejected.parquet",
        "ingested": "ingest/spectra.parquet",
        "rejected": "ingest/rejected.parquet",
        "M after SCM (v1)": "catalogs/m_catalog_v1.parquet",
        "not M after SCM": "catalogs/non_m_catalog_v1.parquet",
        "M after DGCM (v2)": "catalogs/m_catalog_v2.parquet",
        "not M after DGCM": "catalogs/non_m_catalog_v2.parquet",
        "with velocities (v3)": "catalogs/m_catalog_v3.parquet",
        "recommended": "catalogs/recommended.parquet",
    }
    found = {name: _rows(folder / path) for name, path in tables.items()}
    return {name: number for name, number in found.items() if number is not None}


def rejections(folder: str | Path) -> pd.Series:
    """How many spectra were rejected for which reason (numbers and names within a reason are taken together)."""
    path = Path(folder) / "ingest" / "rejected.parquet"
    if not path.is_file():
        return pd.Series(dtype=int)
    reason = read_table(path, ["reason"])["reason"].astype(str)
    return reason.str.replace(r"\d+(\.\d+)?", "#", regex=True).str.split(": ").str[0].value_counts()


def batch_sizes(folder: str | Path) -> dict[str, int]:
    """Number of spectra of each batch of the plan; empty before the plan is made."""
    path = Path(folder) / "plan" / "batches.json"
    return {name: int(facts["n_spectra"]) for name, facts in read_json(path).items()} if path.is_file() else {}
