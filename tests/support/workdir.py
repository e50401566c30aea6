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
        return [
            *(sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")),
            *("--configfile", str(ROOT / "config" / "config.yaml"), str(OVERLAY), *map(str, overlays)),
            *("--directory", str(self.path), "--cores", "2"),
            *map(str, arguments),
        ]

    def run(self, *arguments, check=True, overlays=()) -> subprocess.CompletedProcess:
        command = self.command(*arguments, overlays=overlays)
        done = subprocess.run(command, capture_output=True, text=True, env=environment())
        if check and done.returncode:
            raise AssertionError(f"snakemake ended with {done.returncode}\n{done.stdout}\n{done.stderr[-8000:]}")
        return done

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
    return {name: value for name, value in os.environ.items() if not name.startswith(("SNAKEMAKE", "PYTEST"))}


def new_workdir(folder: Path, library: Path | None = None) -> Workdir:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "config", folder / "config")
    if library is not None:  # the packages it was built from are not needed, only older
        (folder / "results" / "templates" / "packages").mkdir(parents=True)
        shutil.copy(library, folder / "results" / "templates" / "library.h5")
    return Workdir(folder)
