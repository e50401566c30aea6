"""Shared fixtures."""

import os
from pathlib import Path

import pytest
from places import ROOT


@pytest.fixture(scope="session")
def real():
    """Folder of real survey data; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("MSTARS_REAL") or ROOT.parent / "shared" / "real")
    if not folder.is_dir():
        pytest.skip(f"no real survey data at {folder} (set MSTARS_REAL)")
    return folder
