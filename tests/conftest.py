"""Shared fixtures."""

import os
from pathlib import Path

import pytest
from places import ROOT

if "PYTEST_XDIST_WORKER" in os.environ:  # one core a worker, set before any library starts its threads
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")  # as in a job of the workflow


@pytest.fixture(scope="session")
def real():
    """Folder of real survey data; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("MSTARS_REAL") or ROOT.parent / "shared" / "real")
    if not folder.is_dir():
        pytest.skip(f"no real survey data at {folder} (set MSTARS_REAL)")
    return folder
