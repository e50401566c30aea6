"""Kinds of surveys: each gives the rules the same names; models that come as a bundle are unpacked by a rule."""

import ast
import json
import re
import shutil
import subprocess
import sys

import pytest
from places import ROOT
from workdir import outcome

from mstars.ops.bundle import pack_models

RULES = ROOT / "workflow" / "rules"
pytestmark = pytest.mark.workflow


def names_given(path):
    body = ast.parse(path.read_text()).body
    return {target.id for node in body if isinstance(node, ast.Assign) for target in node.targets}


def test_every_kind_gives_the_same_names_and_common_smk_explains_them():
    given = {path.stem: names_given(path) for path in (RULES / "surveys").glob("*.smk")}
    assert set(given) == {"simulated", "release", "files"}
    explained = set(re.findall(r"^# ([A-Z_]+)  +\w", (RULES / "common.smk").read_text(), re.M))
    assert all(names == explained for names in given.values())


def test_no_rules_file_asks_which_kind_a_survey_is_of():
    asking = [path.name for path in RULES.rglob("*.smk") if re.search(r"KIND\s*(==|!=|in\b)", path.read_text())]
    assert asking == []


@pytest.fixture
def place(tmp_path):
    """A folder of one file, and a bundle of models with three folds."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "fits").mkdir()
    (tmp_path / "fits" / "a.fits").write_text("any")
    models = tmp_path / "trained"
    folders = ["spt", "wdm", "dmgm", *(f"tlma_{kind}/fold{fold}" for kind in ("dM", "gM") for fold in range(3))]
    names = [f"{folder}/{name}" for folder in folders for name in ("model.json", "weights.safetensors")]
    names += ["ood/model.json", "ood/basis.safetensors"]
    names += [f"tlma_{kind}/{name}" for kind in ("dM", "gM") for name in ("calibration.json", "out_of_fold.parquet")]
    for name in names:
        (models / name).parent.mkdir(parents=True, exist_ok=True)
        (models / name).write_text(f"content of {name}")
    pack_models(models, tmp_path / "my_models.tar.gz", ROOT / "LICENSE")
    return tmp_path


def snakemake(place, *arguments, given=None):
    given = given or {"survey": {"name": "mine", "kind": "files"}, "files": {"spectra": f"{place}/fits"}}
    (place / "mine.yaml").write_text(json.dumps(given | {"models": {"path": "my_models.tar.gz"}}))
    return outcome(place, *arguments, "--configfile", place / "config/config.yaml", place / "mine.yaml")


def test_a_dry_run_reads_the_listing_of_a_bundle_and_a_rule_unpacks_it(place):
    code, text = snakemake(place, "-n", "catalog")
    assert code == 0, text
    assert re.search(r"unpack_models +1\n", text) and not re.search(r"train\w* +\d", text)
    assert not (place / "results" / "bundles").exists()
    code, text = snakemake(place, "-n", "models")  # of as many folds as the bundle has, not as the config says
    assert code == 0, text
    code, text = snakemake(place, "unpack_models")
    assert code == 0, text
    folder = next((place / "results" / "bundles").iterdir())
    assert re.fullmatch(r"my_models-[0-9a-f]{12}", folder.name)
    assert (folder / "tlma_gM" / "fold2" / "model.json").read_text() == "content of tlma_gM/fold2/model.json"
    code, text = snakemake(place, "-n", "catalog")
    assert code == 0 and "unpack_models" not in text


def test_a_damaged_bundle_is_named_before_the_first_job(place):
    (place / "my_models.tar.gz").write_bytes((place / "my_models.tar.gz").read_bytes()[:100])
    code, text = snakemake(place, "-n", "catalog")
    assert code != 0 and "my_models.tar.gz: not a bundle of models, or damaged" in text and "Traceback" not in text


@pytest.mark.parametrize(
    "section, said",
    [
        ("files", "files.spectra: '{place}/nowhere': no such folder, no file fits"),
        ("release", "release.spectra: '{place}/nowhere': no such folder"),
    ],
)
def test_a_folder_that_is_missing_is_said_in_a_line_of_its_own(place, section, said):
    given = {"survey": {"name": "mine", "kind": section}, section: {"spectra": f"{place}/nowhere"}}
    if section == "release":
        given["release"]["m_catalog"] = f"{place}/m.csv"
    code, text = snakemake(place, "-n", "catalog", given=given)
    said = said.format(place=place)
    assert code == 1 and text.splitlines()[-1] == f"error: {said}" and " line " not in text


def test_a_survey_may_read_the_spectra_of_another_and_makes_none(place):
    given = {"survey": {"name": "demo_paper"}, "simulate": {"spectra_of": "demo"}}
    code, text = snakemake(place, "-n", "ingest", given=given)
    assert code == 1 and "error: simulate.spectra_of: results/demo/sim has no simulated survey" in text
    catalogs = [f"catalogs/lamost_{name}.fits.gz" for name in ("m", "general", "afgk", "wd")]
    for name in ("truth.parquet", "simulation.json", *catalogs):
        path = place / "results" / "demo" / "sim" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    code, text = snakemake(place, "-n", "ingest", given=given)
    assert code == 0 and "results/demo_paper/ingest" in text and "simulate_" not in text, text
    code, text = snakemake(place, "-n", "results/demo/sim/plan.parquet", given=given)
    assert code != 0  # no rule of this survey writes another's simulation


NAMES = ['it\'s "a" {folder} $HOME `x` %d \\', "with blanks", "ünïcode"]


@pytest.mark.parametrize("name", NAMES)
def test_make_catalog_hands_on_a_path_as_it_is(tmp_path, name):
    """Snakemake is replaced by a program that reads the settings as Snakemake does and prints them."""
    said = tmp_path / "said.json"
    (tmp_path / "snakemake").write_text(f"""#!{sys.executable}
import json, sys
from snakemake.cli import parse_config
from types import SimpleNamespace
given = sys.argv[sys.argv.index("--config") + 1:]
json.dump(parse_config(given), open({str(said)!r}, "w"))
""")
    (tmp_path / "snakemake").chmod(0o755)
    (tmp_path / "python").symlink_to(sys.executable)
    value = name.replace("$", "$$")  # as make's own command line wants it
    command = ["make", "-C", ROOT, "catalog", f"BIN={tmp_path}", "READY=", f"SPECTRA={value}", "NAME=mine"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(said.read_text()) == {"survey": {"name": "mine", "kind": "files"}, "files": {"spectra": value}}
