"""What a run took and what became of its spectra: on the terminal, and as results/{survey}/run_summary.html."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from mstars.files.pages import rendered
from mstars.files.whole import atomic_path
from mstars.ops.job_costs import by_rule, counts, read_benchmarks, rejections, survey_folder
from mstars.ops.progress import clock

HELP = "spectra in and out, rejected and why, time and memory by rule"
COUNTED = {"spectra": "{:,}".format, "files": "{:,}".format, "jobs": "{:,}".format}


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The summary's tables by title: spectra, rejections, rules."""
    rules = by_rule(read_benchmarks(folder))
    shown = pd.DataFrame(
        {
            "rule": rules["rule"],
            "jobs": rules["jobs"],
            "time": [clock(value) for value in rules["seconds"]],
            "longest job": [clock(value) for value in rules["longest"]],
            "CPU time": [clock(value) for value in rules["cpu_seconds"]],
            "largest memory, MB": ["-" if value != value else f"{value:.0f}" for value in rules["memory_mb"]],
        }
    )
    rejected = rejections(folder)
    return {
        "Spectra": pd.DataFrame(counts(folder).items(), columns=["table", "spectra"]),
        "Rejected files": pd.DataFrame({"reason": rejected.index, "files": rejected.to_numpy()}),
        "Time and memory by rule": shown,
    }


def headline(folder: Path) -> str:
    """Spectra in and out, jobs, processor time and largest memory in one line."""
    spectra, jobs = counts(folder), read_benchmarks(folder)
    into, out = (spectra.get(name) for name in ("M catalogue (v0)", "recommended"))
    parts = [f"{into:,} spectra in the M catalogue"] if into is not None else []
    parts += [f"{out:,} recommended"] if out is not None else []
    parts.append(f"{len(jobs):,} jobs, {clock(jobs['cpu_seconds'].sum())} of processor time")
    most = jobs["memory_mb"].max()
    return ", ".join(parts + ([f"{most:,.0f} MB in the largest job"] if most == most else []))


def as_text(folder: Path, found: dict[str, pd.DataFrame]) -> str:
    """The summary for a terminal."""
    parts = [f"summary of {folder}: {headline(folder)}"]
    for title, table in found.items():
        parts.append(f"\n{title}\n" + (table.to_string(index=False) if len(table) else "  none"))
    return "\n".join(parts)


def as_html(folder: Path, found: dict[str, pd.DataFrame]) -> str:
    """The summary as one page without scripts."""
    bodies = {
        title: Markup(table.to_html(index=False, border=0, formatters=COUNTED)) if len(table) else ""
        for title, table in found.items()
    }
    return rendered("mstars.ops", "run_summary.html", name=folder.name, headline=headline(folder), tables=bodies)


def write_summary(folder: str | Path) -> str:
    """Write ``run_summary.html`` into the survey's folder and return the summary for a terminal."""
    folder = Path(folder)
    found = tables(folder)
    with atomic_path(folder / "run_summary.html") as path:
        path.write_text(as_html(folder, found))
    return as_text(folder, found)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mstars summary``."""
    parser.add_argument("folder", help="results of a survey, for example results/demo")


def run(arguments: argparse.Namespace) -> int:
    """Print the summary and write its page."""
    print(write_summary(survey_folder(arguments.folder)))
    return 0
