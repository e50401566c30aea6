"""``mstars plan-cost``: the hours that a survey of any size takes on N cores, M nodes and G GPUs, from a measured run.

The model has three parts. Jobs of a batch share the cores; their seconds grow with the spectra, in batches of the same
size as measured. Rules over all spectra run one after another on any number of cores: a job's start does not grow, the
rest grows with the spectra. Trainings do not grow with the spectra, since their training sets have a fixed size; they
share the GPUs, or the cores without one, and take at least as long as the longest.

Waiting in a queue and fetching are not in it. The run must have been measured alone on its machine, in one go.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import pandas as pd

from mstars.core.errors import InputError
from mstars.ops.job_costs import batch_sizes, read_benchmarks, survey_folder
from mstars.ops.progress import clock

HELP = "hours of a survey of any size on cores, nodes and GPUs, from a measured run"

TRAINING = ("train", "engine_train", "train_fold", "slam_train", "csn_train")
TRAINING += ("slam_search", "csn_emulator", "csn_transfer")
OF_TRAINING = ("training_", "fit_outliers", "baselines", "engine_inputs", "engine_training_set")
OF_TRAINING += ("engine_out_of_fold", "engine_calibrate", "combined_fit", "golden_", "figure_confusion")
"""Rules about training sets, which do not grow either."""

MAKING = ("simulate_", "fetch_", "build_templates")  # of a simulated survey and of what all surveys share
"""Beginnings of such rules' names."""
JOB_START_S = 7.0
"""Seconds that Slurm and Snakemake take to start a job on a node (docs/guide/cluster.md: 5 to 10)."""


def of_training(rule: str) -> bool:
    """Whether a rule trains, or works on training sets."""
    return rule in TRAINING or rule.startswith(OF_TRAINING)


@dataclass(frozen=True)
class Measured:
    """What a run took.

    Attributes
    ----------
    n_spectra, n_batches : int
        Of its plan.
    cores : int
        That it ran on.
    batches : pandas.Series
        Seconds of all jobs of each rule that works by batches, or by cells of the sky.
    whole : pandas.DataFrame
        Rules over all spectra: ``seconds``, and ``start``, the part of them that does not grow.
    trainings : pandas.Series
        Seconds of each training.
    span : float
        Seconds from the start of the first job to the end of the last, trainings left out.
    """

    n_spectra: int
    n_batches: int
    cores: int
    batches: pd.Series
    whole: pd.DataFrame
    trainings: pd.Series
    span: float

    @property
    def is_timed(self) -> bool:
        """Whether the jobs fit into the span: the times of the benchmark files are those of the jobs' ends."""
        return float(self.batches.sum() + self.whole["seconds"].sum()) <= 1.02 * self.span * self.cores

    @property
    def tail(self) -> float:
        """Seconds of the run that its batches do not explain: rules over all spectra, and cores without a job."""
        if not self.is_timed:
            return float(self.whole["seconds"].sum())
        return max(self.span - float(self.batches.sum()) / self.cores, 0.0)


@dataclass(frozen=True)
class Predicted:
    """Seconds of a run's parts: ``batches`` scale with the cores, ``whole`` with nothing, ``trainings`` with GPUs."""

    batches: float
    whole: float
    trainings: float

    @property
    def total(self) -> float:
        """Seconds, without waiting in a queue."""
        return self.batches + self.whole + self.trainings


def measured(benchmarks: pd.DataFrame, sizes: dict[str, int], cores: int) -> Measured:
    """The parts of a run.

    Parameters
    ----------
    benchmarks : pandas.DataFrame
        Of `mstars.ops.job_costs.read_benchmarks`.
    sizes : dict of str to int
        Spectra of each batch.
    cores : int
        Cores that the run had.

    Raises
    ------
    InputError
        Nothing was measured.
    """
    making = benchmarks["rule"].str.startswith(MAKING)
    own = benchmarks[~making & benchmarks["seconds"].notna()]
    training = own["rule"].isin(TRAINING)
    work = own[~training]
    if work.empty or not sizes:
        raise InputError("no measured run: benchmarks/ and plan/batches.json of a finished survey are needed")
    last = work["job"].str.rpartition("/")[2]
    parts = work.groupby("rule")["job"].transform("size") > 1
    by_batch = last.isin(sizes) | (parts & work["rule"].str.contains("_cell"))
    whole = work[~by_batch].groupby("rule")["seconds"].agg(["sum", "size"])
    least = float(work["seconds"].min())
    start = (whole["size"] * least).clip(upper=whole["sum"])
    start = start.where(~whole.index.str.startswith(OF_TRAINING), whole["sum"])
    whole = pd.DataFrame({"seconds": whole["sum"], "start": start})
    return Measured(
        sum(sizes.values()),
        len(sizes),
        cores,
        work[by_batch].groupby("rule")["seconds"].sum(),
        whole,
        own.loc[training, "seconds"],
        _covered(work),
    )


def _covered(jobs: pd.DataFrame) -> float:
    """Seconds from the first start to the last end, less the stretches of more than a minute without a job."""
    spans = sorted(zip(jobs["ended"] - jobs["seconds"], jobs["ended"], strict=True))
    total, end = 0.0, spans[0][0]
    for start, stop in spans:
        gap = max(start - end, 0.0)
        total += max(stop - max(start, end), 0.0) + (gap if gap <= 60 else 0.0)
        end = max(end, stop)
    return total


def predicted(
    run: Measured, n_spectra: int, *, cores: int, nodes: int = 1, gpus: int = 0, gpu_speed: float = 1.0
) -> Predicted:
    """What a survey of ``n_spectra`` takes on ``nodes`` of ``cores`` each.

    Parameters
    ----------
    run : Measured
    n_spectra : int
    cores, nodes, gpus : int
        Cores of a node, nodes, GPUs of all nodes.
    gpu_speed : float
        How much faster a training is on a GPU than on one measured core (`benchmarks/gpu.py`).

    Returns
    -------
    Predicted
    """
    ratio = n_spectra / run.n_spectra
    n_batches = max(1, round(run.n_batches * ratio))
    at_once = min(cores * nodes, n_batches)
    start = JOB_START_S if nodes > 1 else 0.0
    batches = float(run.batches.sum()) * ratio + start * n_batches * len(run.batches)
    growing = float((run.whole["seconds"] - run.whole["start"]).sum()) * ratio
    fixed = float(run.whole["start"].sum())
    # how long these rules and the waits between them took for a second of their jobs, on the measured cores
    stretch = run.tail / max(float(run.whole["seconds"].sum()), 1e-9)
    whole = stretch * (growing + fixed) + start * len(run.whole)
    workers, speed = (gpus, gpu_speed) if gpus else (cores * nodes, 1.0)
    trainings = run.trainings / speed
    train = max(float(trainings.sum()) / workers, float(trainings.max())) if len(trainings) else 0.0
    return Predicted(batches / at_once, whole, train)


def report(run: Measured, n_spectra: int, found: Predicted, where: str) -> list[str]:
    """The model's parts as lines of text, with what each scales with."""
    slowest = run.whole["seconds"].sort_values(ascending=False).head(4)
    named = ", ".join(f"{rule} {seconds:.0f} s" for rule, seconds in slowest.items())
    lines = [
        f"measured: {run.n_spectra:,} spectra in {run.n_batches} batches, {clock(run.span)} on {run.cores} cores",
        f"{n_spectra:,} spectra on {where}: {clock(found.total)}",
        f"  batches, shared by the cores:               {clock(found.batches)}",
        f"  over all spectra, whatever the cores:       {clock(found.whole)}  (measured: {named})",
    ]
    if len(run.trainings):
        lines.append(f"  {len(run.trainings)} trainings, which do not grow:{'':15s}{clock(found.trainings)}")
    else:
        lines.append("  the measured run trained nothing: trainings come on top")
    if not run.is_timed:
        lines.append("the benchmark files were copied or touched: rules over all spectra count one after another")
    return [*lines, "waiting in a queue and fetching come on top"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mstars plan-cost``."""
    parser.add_argument("folder", help="results of the measured run, for example results/demo")
    parser.add_argument("--measured-cores", type=int, default=2, help="cores that it ran on (default 2)")
    parser.add_argument("--spectra", type=int, default=876_134, help="of the survey asked for (default: DR10's)")
    parser.add_argument("--cores", type=int, default=2, help="of a node (default 2)")
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--gpus", type=int, default=0, help="for the trainings; 0: they run on the cores")
    parser.add_argument("--gpu-speed", type=float, default=1.0, help="of a training, times one measured core's")


def run(arguments: argparse.Namespace) -> int:
    """Print the prediction and its parts."""
    if min(arguments.spectra, arguments.cores, arguments.nodes, arguments.measured_cores) < 1 or arguments.gpus < 0:
        raise InputError("spectra, cores and nodes are 1 and more, GPUs 0 and more")
    folder = survey_folder(arguments.folder)
    run = measured(read_benchmarks(folder), batch_sizes(folder), arguments.measured_cores)
    asked = {name: getattr(arguments, name) for name in ("cores", "nodes", "gpus", "gpu_speed")}
    where = f"{arguments.nodes} nodes of {arguments.cores} cores, {arguments.gpus} GPUs"
    print("\n".join(report(run, arguments.spectra, predicted(run, arguments.spectra, **asked), where)))
    return 0
