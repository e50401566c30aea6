"""An edit to a module or a table of a finished survey: exactly the rules that rest on it have to run again."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from workdir import OVERLAY, ROOT, command, environment

from mstars.ops.digest import Digests

pytestmark = [pytest.mark.workflow, pytest.mark.timeout(1500)]


@dataclass
class Checkout:
    """A copy of the code, with times kept, that is run on the finished survey."""

    path: Path
    survey: Path

    def told_to_rerun(self) -> tuple[set[str], set[str]]:
        """Rules that have a job because of what they rest on alone, and all that have a job.

        Where another job makes a rule's input anew, Snakemake names that as the reason and no other.
        """
        overlays = ("--configfile", self.path / "config" / "config.yaml", OVERLAY)
        line = command(self.survey, "all", "-n", "--nolock", "--cores", 1, *overlays, snakefile=self.path / "Snakefile")
        variables = environment() | {"PYTHONPATH": str(self.path / "src")}
        done = subprocess.run(line, capture_output=True, text=True, env=variables, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
        found = re.search(r"Rules with provenance triggered jobs: (.*)", done.stdout + done.stderr)
        words = (line.split() for line in done.stdout.splitlines())
        planned = {two[0] for two in words if len(two) == 2 and two[1].isdigit() and two[0] not in ("total", "all")}
        return set(found[1].split()) if found else set(), planned

    def resting_on(self, file: Path) -> set[str]:
        """Rules of the finished survey that rest on a file; a rule's script and its benchmarks have its name."""
        reader = Digests(source=self.path / "src", resources=self.path / "resources")
        scripts = (self.path / "workflow" / "scripts").glob("*.py")
        has_run = {path.stem for path in (self.survey / "results" / "ci" / "benchmarks").iterdir()}
        return {script.stem for script in scripts if file in reader.closure(script)} & has_run


@pytest.fixture
def checkout(survey, tmp_path) -> Checkout:
    for name in ("src", "resources", "workflow", "config"):
        skipped = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True, ignore=skipped)
    shutil.copy2(ROOT / "Snakefile", tmp_path)
    copy = Checkout(tmp_path, survey.path)
    assert copy.told_to_rerun() == (set(), set())
    return copy


@pytest.mark.parametrize(
    "name, some",
    [
        ("src/mstars/sky/cmd.py", {"photometry", "random_candidates", "figure_cmd"}),
        ("src/mstars/velocity/decide/bands.py", {"rv_select"}),
        ("resources/spectral_types.csv", {"simulate_plates"}),
        ("resources/example_features.csv", {"figure_examples"}),
        ("workflow/scripts/rv_apply.py", {"rv_apply"}),
    ],
)
def test_exactly_the_rules_that_rest_on_a_file_run_again(checkout, name, some):
    file = checkout.path / name
    with open(file, "a") as handle:
        handle.write("# edited\n")
    rules = checkout.resting_on(file)
    assert some <= rules and len(rules) < 10
    told, planned = checkout.told_to_rerun()
    assert told and told <= rules <= planned
