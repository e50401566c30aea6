"""Time and memory of a dry run of the size of DR10: 5,000 plates in 250 batches and 100 cells of the sky."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[1]
NAME = "dagsize"


def made_up_plan(place: Path, plates: int, batches: int, spectra: int) -> None:
    """Write config, empty stand-ins of the release's files, and the tables the checkpoint would give."""
    given = yaml.safe_load((ROOT / "config" / "dr10.yaml").read_text())
    given["survey"]["name"] = NAME
    (place / "config").mkdir()
    (place / "config" / "config.yaml").write_text((ROOT / "config" / "config.yaml").read_text())
    (place / "config" / "size.yaml").write_text(yaml.safe_dump(given))
    for section in ("release", "external"):
        for path in given[section].values():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).touch()
    (place / given["release"]["spectra"]).unlink()
    (place / given["release"]["spectra"]).mkdir()
    library = place / "results" / "templates" / "library.h5"
    library.parent.mkdir(parents=True)
    (library.parent / "packages").mkdir()
    library.touch()
    folder = place / "results" / NAME / "plan"
    folder.mkdir(parents=True)
    names = [f"batch{number:04d}" for number in range(batches)]
    plate = [f"{55800 + number}-P{number:05d}" for number in range(plates)]
    each = max(1, spectra // plates)
    rows = pd.DataFrame({"plate": [name for name in plate for _ in range(each)]})
    rows["spectrum_key"] = rows["plate"] + "-sp01-" + (rows.groupby("plate").cumcount() + 1).astype(str).str.zfill(3)
    rows["batch"] = [names[number * batches // plates] for number in range(plates) for _ in range(each)]
    for name in ("plan", "m_catalog_v0", "class_catalog", "rejected"):
        rows.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "watched.json").write_text(json.dumps({"digest": "", "state": ""}))
    cells = [f"2-{number}" for number in range(100)]
    rows["cell"] = [cells[number % len(cells)] for number in range(len(rows))]
    rows.sort_values("cell").to_parquet(folder / "cells.parquet", index=False)
    (folder / "cells.json").write_text(json.dumps({name: {"n_spectra": 9000, "digest": name} for name in cells}))
    sizes = rows["batch"].value_counts()
    facts = {name: {"n_spectra": int(sizes[name]), "digest": name, "n_plates": plates // batches} for name in names}
    (folder / "batches.json").write_text(json.dumps(facts))


def dry_run(place: Path, target: str) -> dict:
    """Dry-run the target in a child process; its wall time, peak memory and number of jobs."""
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "--directory", place, "--cores", "2", "-n"]
    command += [target, "--quiet", "rules", "--configfile", place / "config" / "size.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        # this process alone: a caller's other children must not be counted
        child = subprocess.Popen([*map(str, command)], stdout=said, stderr=subprocess.STDOUT, env=environment)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        said.seek(0)
        text = said.read()
    if child.returncode:
        sys.exit(text[-4000:])
    lines = [line.split() for line in text.splitlines()]
    jobs = next((int(words[1]) for words in lines if len(words) == 2 and words[0] == "total"), None)
    found = {"dag_5000_plates_s": round(seconds, 2), "dag_cpu_s": round(used.ru_utime + used.ru_stime, 2)}
    return found | {"dag_peak_mb": round(used.ru_maxrss / 1024), "dag_jobs": jobs}


def measure(plates: int = 5000, batches: int = 250, spectra: int = 876_134, target: str = "all") -> dict:
    """Make a plan of this size up and dry-run the workflow on it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        made_up_plan(place, plates, batches, spectra)
        return dry_run(place, target)


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=int, default=5000)
    parser.add_argument("--batches", type=int, default=250)
    parser.add_argument("--spectra", type=int, default=876_134)
    parser.add_argument("--target", default="all")
    print(json.dumps(measure(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
