"""The whole workflow on a big simulated survey, from FITS to catalogue: time, memory, bytes and files of each stage.

``python benchmarks/scale.py [--size scale] [--models results/demo/models] [--cores 2] [--folder DIR]`` simulates the
survey (timed apart), then runs the target ``catalog`` with given models (where there are none, they are trained on a
survey of ``--train-size``, timed apart), and measures the planning of the paper's 5,000 plates. From that follows a
projection for the paper's 876,134 spectra (the model of ``mstars plan-cost``; ``--smaller F/results/scale`` checks it
against a run of a fifth of the size). With ``--folder`` an interrupted measurement goes on; but then the wall time
is that of the last part only. The last line of its output is one JSON object, also when it is interrupted, fails or
meets its ``--minutes``: then ``complete`` is false, ``stopped`` says why, and the stages are those done so far.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import dag
import pandas as pd

from mstars.ops.job_costs import batch_sizes, read_benchmarks
from mstars.ops.plan_cost import MAKING, Measured, measured, of_training, predicted

ROOT = Path(__file__).resolve().parents[1]
DR10 = 876_134
# the paper's trainings: how many, spectra in each one's training split, epochs (as the demo's early stopping needs)
PAPER_TRAININGS = {
    "spt": (1, 180_000, 30),
    "wdm": (1, 45_000, 12),
    "dmgm": (1, 45_000, 15),
    "tlma_dM": (10, 11_287, 35),
    "tlma_gM": (10, 3_534, 30),
}
DISK_GB = {"scale": 15, "fifth": 4}


class Stopped(Exception):
    """The measurement ended before its end; the message says why."""


def snakemake(place: Path, name: str, target: str, options: argparse.Namespace, **sections) -> float:
    """Run a target of the survey ``name`` in ``place``; its wall time in seconds, or `Stopped`."""
    overlay = {"survey": {"name": name, "kind": "simulated"}, **sections}
    (place / f"{name}.yaml").write_text(json.dumps(overlay))
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "--directory", place]
    command += ["--cores", options.cores, "--rerun-incomplete", "--quiet", "rules"]
    command += ["--configfile", ROOT / "config" / "config.yaml", place / f"{name}.yaml", "--", target]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    start = time.perf_counter()
    log = place / f"{name}-{Path(target).stem}.log"
    with open(log, "w") as handle:
        child = subprocess.Popen([*map(str, command)], stdout=handle, stderr=subprocess.STDOUT, env=environment)
    try:
        child.wait(timeout=None if options.until is None else max(1.0, options.until - time.monotonic()))
    except (KeyboardInterrupt, subprocess.TimeoutExpired) as error:
        child.send_signal(signal.SIGTERM)  # running jobs end, what they made stays
        child.wait()
        why = "interrupted" if isinstance(error, KeyboardInterrupt) else f"not done after {options.minutes:g} minutes"
        raise Stopped(f"{target}: {why}") from None
    if child.returncode:
        raise Stopped(f"{target} failed; the end of {log}:\n" + log.read_text()[-3000:])
    return time.perf_counter() - start


def rules_of(results: Path) -> pd.DataFrame:
    """Seconds, processor seconds, jobs and peak memory (MB) of each rule, from Snakemake's benchmark files."""
    rows = []
    for path in results.glob("benchmarks/**/*.tsv"):
        row = pd.read_csv(path, sep="\t").iloc[0]
        rule = path.relative_to(results / "benchmarks").parts[0].removesuffix(".tsv")
        cpu, mb = (pd.to_numeric(row[name], errors="coerce") for name in ("cpu_time", "max_rss"))
        rows.append({"rule": rule, "s": float(row["s"]), "cpu": cpu, "mb": mb})
    table = pd.DataFrame(rows, columns=["rule", "s", "cpu", "mb"])
    return table.groupby("rule").agg(
        s=("s", "sum"), cpu=("cpu", "sum"), jobs=("s", "size"), mb=("mb", "max"), longest=("s", "max")
    )


def disk(results: Path) -> tuple[dict[str, int], int]:
    """Bytes of each folder of results, and the number of files."""
    sizes: dict[str, int] = {}
    count = 0
    for path in results.glob("**/*"):
        if path.is_file():
            part = path.relative_to(results).parts[0]
            sizes[part] = sizes.get(part, 0) + path.stat().st_size
            count += part != "sim"
    return sizes, count


def projection(run: Measured, options: argparse.Namespace) -> dict:
    """Hours for the paper's number of spectra by the model of `mstars plan-cost`.

    ``here_h``: on the measured cores, ``training_h`` apart (at ``--train-rate`` spectra/s of one training).
    ``cluster_h``: on ``--nodes``; the trainings over the GPUs, the longest of them at least (``cluster_training_h``).
    """
    here = predicted(run, DR10, cores=options.cores)
    cluster = predicted(run, DR10, cores=options.node_cores, nodes=options.nodes)
    work = [count * spectra * epochs / options.train_rate for count, spectra, epochs in PAPER_TRAININGS.values()]
    longest = max(spectra * epochs / options.train_rate for _, spectra, epochs in PAPER_TRAININGS.values())
    return {
        "n_spectra": DR10,
        "here_h": round(here.total / 3600, 2),
        "here_whole_h": round(here.whole / 3600, 2),
        "training_h": round(sum(work) / 3600, 2),
        "cluster": {"nodes": options.nodes, "cores": options.node_cores, "gpus": options.gpus},
        "cluster_h": round(cluster.total / 3600, 2),
        "cluster_training_h": round(max(sum(work) / options.gpus, longest) / 3600, 2),
    }


def foretold(smaller: Path, n: int, wall: float, options: argparse.Namespace) -> dict:
    """What `mstars plan-cost` says of this run from a smaller one, beside what was seen."""
    run = measured(read_benchmarks(smaller), batch_sizes(smaller), options.cores)
    seconds = predicted(run, n, cores=options.cores).total
    return {"from_n_spectra": run.n_spectra, "predicted_s": round(seconds, 1), "off": round(seconds / wall - 1, 3)}


def teach(place: Path, options: argparse.Namespace) -> tuple[Path, dict]:
    """The given models; else models trained on a smaller survey, and the seconds of its trainings."""
    if options.models is not None and options.models.is_dir():
        return options.models, {}
    taught = {"simulate": {"size": options.train_size}}
    if options.epochs:
        taught["spmm"] = {"networks": {"epochs": options.epochs}}
    seconds = snakemake(place, "teacher", "catalog", options, **taught)
    rules = rules_of(place / "results/teacher")
    print(f"trained on size {options.train_size}: {seconds:.0f} s", flush=True)
    training = {rule: round(float(s), 1) for rule, s in rules["s"].items() if of_training(rule)}
    return place / "results/teacher/models", training


def measure(place: Path, options: argparse.Namespace) -> dict:
    """Simulate, run and weigh; what there is of it when it is stopped."""
    found, wall, training, stopped = {}, None, {}, None
    try:
        models, training = teach(place, options)
        sections = {
            "simulate": {"size": options.size},
            "models": {"path": str(models.resolve())},
            "plan": {"plates_per_batch": options.plates_per_batch, "min_spectra": options.min_spectra},
        }
        simulate_s = snakemake(place, "scale", "results/scale/sim/simulation.json", options, **sections)
        print(f"simulated: {simulate_s:.0f} s", flush=True)
        found["simulate_s"] = round(simulate_s, 1)
        wall = snakemake(place, "scale", "catalog", options, **sections)
    except Stopped as error:
        stopped = str(error)
        print(f"stopped: {stopped}", flush=True)
    found |= {"complete": stopped is None, "stopped": stopped, "training": training}
    if (place / "results/scale/plan/plan.parquet").exists():
        found |= weigh(place / "results/scale", wall, options)
    return found


def weigh(results: Path, wall: float | None, options: argparse.Namespace) -> dict:
    """Rates, seconds, memory and bytes of a survey; rates and projection only when it is whole (``wall`` given)."""
    rules = rules_of(results)
    work = rules[[not rule.startswith(MAKING) for rule in rules.index]].sort_values("s", ascending=False)
    print(work.round(1).to_string(), flush=True)
    spectra = pd.read_parquet(results / "plan/plan.parquet", columns=["plate", "batch", "role"])
    n = len(spectra)
    sizes, files = disk(results)
    found = {
        "n_spectra": n,
        "n_candidates": int((spectra["role"] == "candidate").sum()),
        "n_plates": int(spectra["plate"].nunique()),
        "n_batches": int(spectra["batch"].nunique()),
        "cores": options.cores,
        "peak_mb": round(float(work["mb"].max())) if work["mb"].notna().any() else None,
        "jobs": int(work["jobs"].sum()),
        "stages": {rule: round(float(s), 1) for rule, s in work["s"].items()},
        "stage_cpu_s": {rule: round(float(s), 1) for rule, s in work["cpu"].items()},
        "stage_peak_mb": {rule: round(float(mb)) for rule, mb in work["mb"].items() if mb == mb},
        "bytes": sizes,
        "bytes_per_spectrum": round(sum(size for part, size in sizes.items() if part != "sim") / n),
        "files": files,
    }
    if "simulate_plates" in rules.index:
        found["simulate_per_s"] = round(n / (float(rules.loc["simulate_plates", "s"]) / options.cores), 1)
        found["simulate_cpu_ms"] = round(1e3 * float(rules.loc["simulate_plates", "cpu"]) / n, 2)
    if wall is None:
        return found
    if options.smaller is not None:
        found["foretold"] = foretold(options.smaller, n, wall, options)
    return found | {
        "wall_s": round(wall, 1),
        "end_to_end_per_s": round(n / wall, 1),
        "cpu_limited_per_s": round(n * options.cores / float(work["cpu"].sum()), 1),
        "cpu_per_spectrum_ms": round(1e3 * float(work["cpu"].sum()) / n, 2),
        "idle_share": round(1 - float(work["s"].sum()) / (wall * options.cores), 3),
        "ingest_per_s": round(n / (float(rules.loc["ingest_batch", "s"]) / options.cores), 1),
        "limit": work.index[0],
        "limit_share": round(float(work["s"].iloc[0] / work["s"].sum()), 2),
        "projection": projection(measured(read_benchmarks(results), batch_sizes(results), options.cores), options),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="scale", help="simulate.size of the survey that is measured")
    parser.add_argument("--train-size", default="demo", help="simulate.size of the survey that models are trained on")
    parser.add_argument("--models", type=Path, help="a folder of trained models; without it they are trained first")
    parser.add_argument("--epochs", type=int, help="of the parameter models at most (poor ones, to try this out)")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--plates-per-batch", type=int, default=20)
    parser.add_argument("--min-spectra", type=int, default=2000)
    parser.add_argument("--nodes", type=int, default=10, help="of the cluster in the projection")
    parser.add_argument("--node-cores", type=int, default=32)
    parser.add_argument("--gpus", type=int, default=4)
    parser.add_argument("--train-rate", type=float, default=2500, help="spectra/s of a training, for the projection")
    parser.add_argument(
        "--smaller", type=Path, help="results of a smaller run: what plan-cost says of this one from it"
    )
    parser.add_argument("--folder", type=Path, help="keep the results there")
    parser.add_argument("--minutes", type=float, help="stop after so many, and print what was seen")
    options = parser.parse_args()
    options.until = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as temporary:
        place = options.folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(place).free < (needed := DISK_GB.get(options.size, 2) * 2**30):
            sys.exit(f"{place}: size {options.size} needs {needed >> 30} GB of disk; name another --folder (or TMPDIR)")
        result = measure(place.resolve(), options)
    print(json.dumps(result | (dag.measure() if result["complete"] else {})))


if __name__ == "__main__":
    main()
