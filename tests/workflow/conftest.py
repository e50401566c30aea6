"""A survey of a few hundred spectra run through the real workflow, once for all tests."""

import shutil

import pytest
from places import ROOT
from workdir import Workdir, new_workdir


@pytest.fixture(scope="session")
def survey(tmp_path_factory) -> Workdir:
    """The finished ``ci`` survey. Tests must leave its results as they are."""
    built = ROOT / "results" / "templates" / "library.h5"
    workdir = new_workdir(tmp_path_factory.mktemp("survey"), built if built.is_file() else None)
    workdir.run("all")
    return workdir


@pytest.fixture
def copy_of_survey(survey, tmp_path) -> Workdir:
    """A copy that a test may change; times are kept, so nothing is out of date in it."""
    shutil.copytree(survey.path, tmp_path / "copy", symlinks=True)
    return Workdir(tmp_path / "copy")
