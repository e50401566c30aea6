"""The rules as text: one thin script a rule, of its name; what Snakemake's linter says; a Snakefile of includes."""

import os
import re
import subprocess
import sys

import pytest
from places import ROOT

RULES = sorted((ROOT / "workflow" / "rules").rglob("*.smk"))
SCRIPTS = sorted((ROOT / "workflow" / "scripts").glob("*.py"))
LINES = 31
DEFAULT = re.compile(
    r"^ +(?:threads: 1|mem_mb=(?:memory\()?(?:\d{1,3}|1\d{3}|2000)\)?,|runtime=(?:[12]?\d|30),)$", re.M
)


def test_every_rule_with_a_script_has_one_of_its_own_name():
    named = {}
    for path in RULES:
        for name, body in re.findall(r"^(?:rule|checkpoint) (\w+):\n((?:[ \n].*\n?|\n)*)", path.read_text(), re.M):
            if found := re.search(r'"(?:\.\./)+scripts/(\w+)\.py"', body):
                named[name] = found[1]
    # a variant of a rule (another release) may share its script: its name begins with the script's
    others = {rule: script for rule, script in named.items() if rule != script}
    assert named and [rule for rule, script in others.items() if not rule.startswith(f"{script}_")] == []
    assert {path.stem for path in SCRIPTS} == set(named.values()) and set(others.values()) <= set(named)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_read_call_and_write(script):
    text = script.read_text()
    assert len(text.splitlines()) <= LINES and not re.search(r"^ *(?:def|class) ", text, re.M)


def test_no_rule_says_what_holds_without_it():
    """One thread is Snakemake's default; 2 GB and 30 minutes are those of the cluster profile."""
    assert [f"{path.name}: {line}" for path in RULES for line in DEFAULT.findall(path.read_text())] == []


def test_a_name_is_given_in_one_rule_file():
    """All rule files share one namespace: the second file to give a name changes what the first one's rules see."""
    given = {}
    for path in RULES:
        if path.parent.name != "surveys":  # one of these three is read
            for name in set(re.findall(r"^(?:def )?(\w+)(?= = |\()", path.read_text(), re.M)):
                given.setdefault(name, []).append(path.name)
    assert {name: files for name, files in given.items() if len(files) > 1} == {}


def test_the_snakefile_holds_config_includes_and_targets():
    """A rule of it has no job: it names what is to be made."""
    text = (ROOT / "Snakefile").read_text()
    assert not re.search(r"^ *(?:def|import|script:|shell:|run:|output:|if|lambda)\b", text, re.M)


@pytest.mark.workflow
def test_the_linter_finds_nothing_but_the_environment_that_is_the_workflows():
    command = [sys.executable, "-m", "snakemake", "--lint", "text", "--snakefile", str(ROOT / "Snakefile")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    said = re.findall(r"^    \* (.*?):?$", done.stdout + done.stderr, re.M)
    # the Snakefile gives one environment to all rules, which the linter does not see
    assert set(said) == {"Specify a conda environment or container for each rule."}
