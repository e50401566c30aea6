"""A folder that Snakemake runs the real workflow in."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from places import ROOT

OVERLAY = ROOT / "tests" / "workflow" / "ci.yaml"


@dataclass
class Workdir:
    """A folder that Snakemake runs in, with its own results and review folders."""

    path: Path

    @property
    def results(self) -> Path:
        return self.path / "results" / "ci"

    def command(self, *arguments, overlays=()) -> list[str]:
        overlays = ("--configfile", ROOT / "config" / "config.yaml", OVERLAY, *overlays)
        return command(self.path, *overlays, "--cores", 2, *arguments)

    def run(self, *arguments, check=True, overlays=()) -> subprocess.CompletedProcess:
        command = self.command(*arguments, overlays=overlays)
        done = subprocess.run(command, capture_output=True, text=True, env=environment())
        if check and done.returncode:
            raise AssertionError(f"snakemake ended with {done.returncode}\n{done.stdout}\n{done.stderr[-8000:]}")
        return done

    def start(self, *arguments) -> subprocess.Popen:
        """Start a run in a process group of its own, to be killed; a lock that another left is removed."""
        subprocess.run(self.command("--unlock"), capture_output=True, env=environment())
        nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        # the default scheduler solves an integer program in a process of its own; a TERM meanwhile hangs Snakemake 9
        line = self.command("--scheduler", "greedy", *arguments)
        return subprocess.Popen(line, **nowhere, start_new_session=True, env=environment())

    def planned(self, *arguments) -> dict[str, int]:
        """Jobs that a dry run would start, by rule."""
        text = self.run(*arguments, "-n", "--quiet", "reason").stdout
        jobs = {}
        for line in text.splitlines():
            words = line.split()
            if len(words) == 2 and words[1].isdigit() and words[0] != "total":
                jobs[words[0]] = int(words[1])
        return jobs


def environment() -> dict:
    # a nested run must not inherit the test runner's own settings
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("SNAKEMAKE", "PYTEST"))}
    return mine | {"PYTHONPATH": str(ROOT / "src")}


def command(place: Path, *arguments, snakefile: Path = ROOT / "Snakefile") -> list[str]:
    """The command line of Snakemake in a folder."""
    given = (sys.executable, "-m", "snakemake", "--snakefile", snakefile, "--directory", place, *arguments)
    return [*map(str, given)]


def outcome(place: Path, *arguments, snakefile: Path = ROOT / "Snakefile") -> tuple[int, str]:
    """Run Snakemake on one core in a folder: its exit status, and all that it said."""
    line = command(place, "--cores", 1, *arguments, snakefile=snakefile)
    done = subprocess.run(line, capture_output=True, text=True, env=environment(), check=False, timeout=600)
    return done.returncode, done.stdout + done.stderr


def said_by(place: Path, *arguments, expect: int = 0, snakefile: Path = ROOT / "Snakefile") -> str:
    """What Snakemake said, ending with the status that is expected."""
    code, text = outcome(place, *arguments, snakefile=snakefile)
    assert code == expect, text
    return text


def new_workdir(folder: Path, library: Path | None = None) -> Workdir:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "config", folder / "config")
    if library is not None:  # the packages it was built from are not needed, only older
        (folder / "results" / "templates" / "packages").mkdir(parents=True)
        shutil.copy(library, folder / "results" / "templates" / "library.h5")
    return Workdir(folder)
