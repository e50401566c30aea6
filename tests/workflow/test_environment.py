"""The conda twin of the lock has the same direct pins, as Snakemake wants it; every dependency is used."""

import re
import tomllib

import yaml
from places import ROOT


def name_of(requirement):
    return re.split(r"[<>=\[ ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def test_the_conda_environment_has_the_pins_of_the_lock():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = {name_of(one) for one in [*project["dependencies"], *project["optional-dependencies"]["desk"]]}
    lock = (ROOT / "envs" / "requirements.lock").read_text().splitlines()
    locked = {name_of(line): line.split("==")[1] for line in lock if "==" in line}
    conda = yaml.safe_load((ROOT / "envs" / "environment.yaml").read_text())["dependencies"]
    pins = dict(line.split("==") for line in conda[-1]["pip"])
    assert {name_of(name): pin for name, pin in pins.items()} == {name: locked[name] for name in sorted(direct)}
    # conda-inject, by which Snakemake uses the file, chooses Python itself and refuses the name
    assert not [line for line in conda if isinstance(line, str) and name_of(line) == "python"]


def test_every_dependency_is_imported_somewhere():
    modules = {"pyyaml": "yaml", "scikit-learn": "sklearn", "pillow": "PIL"}
    places = (*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow").rglob("*.smk"))
    text = "\n".join(path.read_text() for path in places)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    # Snakemake finds a plugin by its name
    for name in {name_of(one) for one in project["dependencies"]} - {"snakemake-executor-plugin-slurm"}:
        module = modules.get(name, name.replace("-", "_"))
        assert re.search(rf"^\s*(import|from) {module}\b", text, re.MULTILINE), name
