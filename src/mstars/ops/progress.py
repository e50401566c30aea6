"""How far a run is: batches done of each stage, spectra per second, and the time left at that rate."""

from __future__ import annotations

import argparse

import pandas as pd

from mstars.ops.job_costs import batch_sizes, read_benchmarks, survey_folder

HELP = "how far a run is, stage by stage, with rate and time left"


def stages(benchmarks: pd.DataFrame, sizes: dict[str, int]) -> pd.DataFrame:
    """Progress of the stages that work batch by batch.

    Parameters
    ----------
    benchmarks : pandas.DataFrame
        As `read_benchmarks` gives; a job is of a batch when its name's last part is the batch's.
    sizes : dict
        Spectra of each batch.

    Returns
    -------
    pandas.DataFrame
        ``stage``, ``batches``, ``done``, ``spectra`` done, ``rate`` (spectra/s from the first job's start
        to the last one's end, all jobs together) and ``left`` (seconds; 0 when all is done).
    """
    table = benchmarks.assign(batch=benchmarks["job"].str.rpartition("/")[2])
    table = table[table["batch"].isin(sizes)]
    kind = table["job"].str.rpartition("/")[0]
    table = table.assign(stage=table["rule"] + kind.where(kind == "", " " + kind), spectra=table["batch"].map(sizes))
    rows = []
    for stage, jobs in table.groupby("stage", sort=False):
        spectra = int(jobs["spectra"].sum())
        span = max(float(jobs["ended"].max() - (jobs["ended"] - jobs["seconds"]).min()), 1e-3)
        left = (sum(sizes.values()) - spectra) / (spectra / span) if spectra else float("nan")
        rows.append([stage, len(sizes), len(jobs), spectra, spectra / span, left])
    return pd.DataFrame(rows, columns=["stage", "batches", "done", "spectra", "rate", "left"])


def clock(seconds: float) -> str:
    """Seconds as a person reads them: 45 s, 12 min, 3.4 h."""
    if seconds != seconds:
        return "-"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mstars progress``."""
    parser.add_argument("folder", help="results of a survey, for example results/demo")


def run(arguments: argparse.Namespace) -> int:
    """Print one line a stage."""
    folder = survey_folder(arguments.folder)
    sizes = batch_sizes(folder)
    if not sizes:
        print(f"{folder}: no plan yet")
        return 0
    print(f"{folder}: {len(sizes)} batches, {sum(sizes.values())} spectra")
    for row in stages(read_benchmarks(folder), sizes).itertuples():
        rest = "done" if row.done == row.batches else f"{clock(row.left)} left"
        print(f"  {row.stage:<28}{row.done:>6} / {row.batches:<6}{row.rate:>9.0f} spectra/s   {rest}")
    return 0
