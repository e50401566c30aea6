"""A survey of a few hundred spectra run through the real workflow, once for all tests."""

import shutil

import pytest
from once import once
from places import ROOT
from workdir import Workdir, new_workdir


@pytest.fixture(scope="session")
def survey(tmp_path_factory, worker_id) -> Workdir:
    """The finished ``ci`` survey. Tests must leave its results as they are."""
    built = ROOT / "results" / "templates" / "library.h5"

    def make(folder):
        new_workdir(folder, built if built.is_file() else None).run("all")

    return Workdir(once(tmp_path_factory, worker_id, "finished_survey", make))


@pytest.fixture
def copy_of_survey(survey, tmp_path) -> Workdir:
    """A copy that a test may change; times are kept, so nothing is out of date in it."""
    shutil.copytree(survey.path, tmp_path / "copy", symlinks=True)
    return Workdir(tmp_path / "copy")
