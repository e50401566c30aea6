"""The survey that the cluster tests make, and how a run of it is ended."""

import os
from contextlib import contextmanager
from pathlib import Path

from places import ROOT

OVERLAY = ["--configfile", ROOT / "config" / "config.yaml", ROOT / "tests" / "workflow" / "ci.yaml"]
CATALOG = [Path("results/ci/catalogs") / f"recommended.{ending}" for ending in ("fits", "parquet", "csv", "vot")]
FINISHED = os.environ.get("MSTARS_SLURM_SURVEY")


@contextmanager
def running(process):
    """End the process when the block ends."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
