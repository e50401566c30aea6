"""One Slurm for the session's tests; without root or Debian's packages they skip and say why."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cluster import Cluster, ClusterError, missing
from places import ROOT
from small_survey import CATALOG, FINISHED, OVERLAY, running


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """A running Slurm, taken down at the end whatever happened."""
    if reason := missing():
        pytest.skip(reason)
    cluster = Cluster(tmp_path_factory.mktemp("slurm"))
    try:
        cluster.up()
    except ClusterError as error:
        pytest.skip(f"Slurm does not come up on this machine: {error}")
    try:
        yield cluster
    finally:
        cluster.down()


class Runner:
    """Snakemake in one folder, on this machine or through the test's Slurm profile."""

    def __init__(self, cluster: Cluster):
        self.cluster = cluster
        path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        self.environment = {**cluster.environment, "PYTHONPATH": path}

    def command(
        self, place: Path, *arguments, snakefile: Path = ROOT / "Snakefile", slurm: bool = True, cores: int = 2
    ) -> list[str]:
        """The command line; `place` is both the working directory and where the profile lies; `cores` without Slurm."""
        program = [ROOT / "tests" / "slurm" / "quick_snakemake.py"] if slurm else ["-m", "snakemake"]
        where = ["--profile", str(place / "slurm")] if slurm else ["--cores", str(cores), "--rerun-incomplete"]
        command = [sys.executable, *program, "-s", snakefile, "--directory", place, *where, *arguments]
        return [*map(str, command)]

    def start(self, place: Path, *arguments, **options) -> subprocess.Popen:
        """Start Snakemake and return at once; its output goes to `place`/snakemake.out."""
        with open(place / "snakemake.out", "w") as out:
            command = self.command(place, *arguments, **options)
            return subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=self.environment, cwd=place)

    def run(self, place: Path, *arguments, code: int = 0, **options) -> str:
        """Run Snakemake to its end, expect the exit code, and return what it said."""
        return self.finish(self.start(place, *arguments, **options), place, code)

    def finish(self, process: subprocess.Popen, place: Path, code: int = 0) -> str:
        """Wait for a run that was started, expect the exit code, and return what it said."""
        try:
            process.wait(timeout=1500)
        finally:
            if process.poll() is None:
                process.kill()
        said = (place / "snakemake.out").read_text()
        assert process.returncode == code, said[-6000:]
        return said


@pytest.fixture(scope="session")
def snakemake(slurm):
    """Snakemake with this session's Slurm on its PATH."""
    return Runner(slurm)


@pytest.fixture(scope="session")
def local_run(snakemake, tmp_path_factory):
    """The small survey being made on this machine, without Slurm, models trained: its folder, and the process."""
    place = tmp_path_factory.mktemp("local")
    shutil.copytree(ROOT / "config", place / "config")
    shutil.copytree(ROOT / "tests" / "slurm" / "profile", place / "slurm")
    if (library := ROOT / "results" / "templates" / "library.h5").is_file():
        (place / "results" / "templates" / "packages").mkdir(parents=True)  # only has to be older
        shutil.copy(library, place / "results" / "templates" / "library.h5")
    with running(snakemake.start(place, *CATALOG, *OVERLAY, slurm=False)) as process:
        yield place, process


@pytest.fixture(scope="session", autouse=True)
def early(request):
    """Where tests of the survey follow, it is begun before the first test, whose jobs mostly sleep."""
    if any("local" in item.fixturenames for item in request.session.items) and not FINISHED:
        request.getfixturevalue("local_run")


@pytest.fixture
def place(tmp_path):
    """An empty folder with the config and the test's Slurm profile."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "tests" / "slurm" / "profile", tmp_path / "slurm")
    return tmp_path
