"""The pages that are read first are run: each command and Python block, and what they print is compared.

The survey is the small one of these tests under the name ``demo``, so numbers differ from the page's; words do not.
"""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml
from astropy.table import Table
from page_blocks import blocks, pattern_of
from places import ROOT
from workdir import OVERLAY, environment

from mstars.core.config.whole import merged
from mstars.core.labels import APOGEE_COLUMNS
from mstars.core.missing import without_missing
from mstars.ops.bundle import pack_models
from mstars.sky.apogee import clean_apogee
from mstars.sky.aspcap_class import aspcap_kind

pytestmark = [pytest.mark.workflow, pytest.mark.timeout(1500)]
PAGES = ["tutorial", "my_spectra", "catalogue", "python", "training"]
DRY = "SNAKEMAKE='.venv/bin/snakemake --cores 2 --dry-run'"
STAND_INS = (
    (r"<this repository>", str(ROOT)),
    (r"\b(SPECTRUM_KEY|KEY)\b", "{key}"),
    (r"^make catalog", f"make {DRY} catalog"),  # other tests run a survey of files to its end
    (r"^make report", "make --dry-run report && snakemake --dry-run paper"),
    (r"^snakemake(?=.* mine.yaml|.* training.yaml -- models)", "snakemake --dry-run"),
    (r"(models: {path: )results/my_training/", r"\1"),  # training.yaml is only planned
    (r"^(mstars (?:explain|review).*)results/mine", r"\1results/demo"),
    (
        r"^(mstars review (results/\S+))",
        r"snakemake --cores 2 \2/desk.parquet && \1 --summary",
    ),  # no server, no browser
    (r"(Table.read\(\S*)results/mine", r"\1results/demo"),
)
"""What the test runs in place of the words of a page: minutes of work are planned, not done."""


@pytest.fixture(scope="module")
def furnished(survey, tmp_path_factory):
    """A checkout with the finished survey as ``results/demo``, some of its files, and tables of Gaia's."""
    place = tmp_path_factory.mktemp("pages") / "mstars"
    place.mkdir()
    for path in ROOT.iterdir():
        if path.name not in ("config", "results", "review", "build", ".git", ".snakemake", ".venv"):
            (place / path.name).symlink_to(path)
    (place / ".venv").mkdir()
    (place / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (place / ".venv" / ".ready").touch()
    shutil.copytree(ROOT / "config", place / "config")
    config, small = (yaml.safe_load(path.read_text()) for path in (ROOT / "config" / "config.yaml", OVERLAY))
    (place / "config" / "config.yaml").write_text(yaml.safe_dump(merged(config, small | {"survey": {"name": "demo"}})))
    shutil.copytree(survey.results, place / "results" / "demo", copy_function=os.link)
    for name in ("templates", "isochrones"):
        shutil.copytree(survey.path / "results" / name, place / "results" / name, copy_function=os.link)
    folder = place / "path" / "to" / "folder"
    folder.mkdir(parents=True)
    good = pd.read_parquet(survey.results / "catalogs" / "recommended.parquet")
    lines = good["rv_from"].str.contains(r"DSAL_I\b", na=False)
    good = good[(good["luminosity_class"] == "dM") & lines].nlargest(3, "snr_i")
    plan = pd.read_parquet(survey.results / "plan" / "plan.parquet").set_index("spectrum_key")["path"]
    files = [survey.path / plan[key] for key in good["spectrum_key"]]
    for file in files:
        shutil.copy(file, folder)
    shutil.copy(files[0], folder.parent / "file.fits.gz")
    for name in ("gaia_dr3", "bailer_jones"):
        shutil.copy(survey.results / "sim" / "catalogs" / f"{name}.fits", place / f"{name}.fits")
    add_release(survey, place)
    return place


def add_release(survey, place: Path):
    """What the page on training takes: spectra, LAMOST's catalogues, a table of labels, and models made of them."""
    pack_models(survey.results / "models", place / "models.tar.gz", ROOT / "LICENSE")
    (place / "lamost").mkdir()
    (place / "lamost" / "fits").symlink_to(survey.results / "sim" / "fits")
    for name, theirs in {"m": "mstellar", "general": "catalogue", "afgk": "stellar", "wd": "wd"}.items():
        shutil.copy(
            survey.results / "sim" / "catalogs" / f"lamost_{name}.fits.gz",
            place / "lamost" / f"dr10_v1.0_LRS_{theirs}.fits.gz",
        )
    apogee = Table.read(survey.results / "sim" / "catalogs" / "apogee_dr16.fits").to_pandas()
    apogee = apogee.drop_duplicates("APOGEE_ID")
    mine = apogee[["RA", "DEC"]].assign(kind=np.where(aspcap_kind(apogee) == "dM", "dwarf", "giant"))
    for column in APOGEE_COLUMNS.values():
        mine[[column, f"{column}_err"]] = without_missing(apogee[[column, f"{column}_ERR"]])
    mine.rename(columns=str.lower).to_csv(place / "my_labels.csv", index=False)


def test_own_labels_are_read_as_written_and_all_networks_are_planned(furnished):
    page = {block.name or block.text: block.text for block in blocks(ROOT / "docs" / "guide" / "training.md")}
    (furnished / "training.yaml").write_text(page["training.yaml"])
    run_python(next(text for text in page if "labels.write" in text), furnished, {})
    mine, read = pd.read_csv(furnished / "my_labels.csv"), Table.read(furnished / "labels.fits").to_pandas()
    kept = clean_apogee(read.assign(EXTRATARG=0))
    assert len(kept) == len(mine) and kept["APOGEE_ID"].is_unique
    assert set(aspcap_kind(kept)) == {"dM", "gM"}
    assert ((aspcap_kind(kept) == "dM") == (mine["kind"] == "dwarf")).all()
    for column in APOGEE_COLUMNS.values():
        np.testing.assert_allclose(kept[column], mine[column.lower()])
    planned = run_bash("snakemake -n --cores 1 --configfile training.yaml -- models", furnished, "training.yaml")
    # of the checkpoint's jobs only those that do not hang on the plan are known: trainings are among them
    folds = yaml.safe_load(OVERLAY.read_text())["spmm"]["folds"]
    assert re.search(rf"^train_fold +{2 * folds}$", planned, re.M) and re.search(r"^train +3$", planned, re.M)


@pytest.mark.parametrize("name", PAGES)
def test_all_blocks_of_a_page_run_and_print_what_it_shows(name, furnished, tmp_path, monkeypatch):
    page = ROOT / "docs" / "guide" / f"{name}.md"
    key = pd.read_parquet(furnished / "results/demo/catalogs/recommended.parquet")["spectrum_key"].iloc[0]
    place, names = furnished, {}
    for block in blocks(page):
        text = block.text
        for words, stand_in in STAND_INS:
            text = re.sub(words, stand_in.replace("{key}", key), text, flags=re.M)
        if block.language == "yaml" and block.name:
            (place / block.name).write_text(text)
        elif block.language == "python":
            said = run_python(text, place, names)
        elif "git clone" in text and not (ROOT / ".git").exists():
            continue  # an archive of the project has nothing to clone
        elif block.language == "bash":
            said = run_bash(text, tmp_path if "git clone" in text else place, f"{page.name}, line {block.line}")
        else:
            continue
        if block.shown:
            assert pattern_of(block.shown).fullmatch(said), f"{page.name}, line {block.line}: it prints\n{said}"


def run_python(text: str, place: Path, names: dict) -> str:
    out = io.StringIO()
    with contextlib.chdir(place), contextlib.redirect_stdout(out):
        exec(compile(text, "<page>", "exec"), names)
    return out.getvalue()


def run_bash(text: str, place: Path, where: str) -> str:
    mine = environment()
    mine["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), mine["PATH"]])
    script = "set -eo pipefail\n" + text
    done = subprocess.run(["bash", "-c", script], cwd=place, capture_output=True, text=True, env=mine, timeout=900)
    assert done.returncode == 0, f"{where}: ended with {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def test_every_stand_in_stands_for_something():
    text = "\n".join(block.text for name in PAGES for block in blocks(ROOT / "docs" / "guide" / f"{name}.md"))
    assert [words for words, _ in STAND_INS if not re.search(words, text, re.M)] == []


def test_numbers_and_classes_may_differ_and_words_may_not():
    shown = pattern_of("12 spectra of dM by TM+LAMOST\n...\nrv_err 1.5e-3")
    assert shown.fullmatch("9,123 spectra  of gM by TM+DSAL_I\nmore\n\nrv_err 7\n")
    assert not shown.fullmatch("12 spectra of sdM by TM+LAMOST\n...\nrv_err 1")
    assert not shown.fullmatch("12 spectra of dM by TM+LAMOST\n...\nrv_error 1")


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_runs_and_holds_no_output(path, furnished):
    cells = json.loads(path.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 3 and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    plt.switch_backend("Agg")
    names: dict = {}
    said = "".join(run_python("".join(cell["source"]), furnished, names) for cell in code)
    assert re.search(r"[1-9]\d* dwarfs with velocity and \[M/H\]", said) and len(names["result"]) == 5
    assert (furnished / "velocity_scatter.png").stat().st_size > 5000
