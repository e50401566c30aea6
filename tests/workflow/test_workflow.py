"""The DAG as a user meets it: whole, by target, again, killed, and with what users get wrong."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from astropy.table import Table
from places import ROOT
from workdir import environment, new_workdir, outcome

pytestmark = [pytest.mark.workflow, pytest.mark.timeout(1500)]


def test_every_input_spectrum_is_accounted_for(survey):
    folder = survey.results / "catalogs"
    recommended = Table.read(folder / "recommended.fits")
    assert recommended["rv"].unit == "km / s" and recommended["teff"].unit == "K"
    counts = json.loads((survey.results / "validation" / "scorecard.json").read_text())
    assert counts["n_input"] == counts["n_recommended"] + counts["n_non_m"] + counts["n_rejected"]
    assert counts["n_recommended"] == len(recommended) > 100
    classification = pd.read_parquet(folder / "classification.parquet")
    assert len(classification) == counts["n_input"]


def test_a_second_run_has_nothing_to_do(survey):
    assert survey.planned("all") == {}


def test_a_deleted_product_reruns_only_its_last_step(copy_of_survey):
    (copy_of_survey.results / "catalogs" / "recommended.fits").unlink()
    jobs = copy_of_survey.planned("results/ci/catalogs/recommended.fits")
    assert set(jobs) == {"recommended"}


def test_a_deleted_figure_reruns_one_rule(copy_of_survey):
    (copy_of_survey.results / "figures" / "fig13_internal_errors.pdf").unlink()
    jobs = copy_of_survey.planned("results/ci/figures/fig13_internal_errors.pdf")
    assert len(jobs) == 1 and all(rule.startswith("fig") for rule in jobs)


def test_a_decision_reruns_only_what_depends_on_it(copy_of_survey):
    candidates = pd.read_parquet(copy_of_survey.results / "rv" / "candidates.parquet")
    row = {
        "spectrum_key": candidates["spectrum_key"].iloc[0],
        "label": "TM",
        "confidence": 1.0,
        "reviewer": "tester",
        "time": "2026-01-01T00:00:00Z",
        "comment": "",
    }
    path = copy_of_survey.path / "review" / "ci" / "rv" / "tester.csv"
    path.parent.mkdir(parents=True)
    pd.DataFrame([row]).to_csv(path, index=False)
    jobs = copy_of_survey.planned("all")
    assert "review_resolve" in jobs and "rv_apply" in jobs
    assert not {"ingest", "ingest_batch", "rv_measure", "train", "predict", "predict_one", "scm_apply"} & set(jobs)
    copy_of_survey.run("results/ci/catalogs/m_catalog_v3.parquet")
    decided = pd.read_parquet(copy_of_survey.results / "review" / "rv" / "decisions.parquet").set_index("spectrum_key")
    assert decided.loc[row["spectrum_key"], "review_status"] == "reviewed"
    assert (decided["review_status"] == "provisional").sum() == len(decided) - 1


def test_required_mode_says_which_queue_needs_what(copy_of_survey):
    done = copy_of_survey.run(
        "results/ci/catalogs/m_catalog_v1.parquet", "--config", 'review={"mode": "required"}', check=False
    )
    assert done.returncode != 0
    assert "scm" in done.stderr and "decision" in done.stderr


def test_a_killed_run_goes_on_to_the_same_catalogue(survey, tmp_path):
    again = new_workdir(tmp_path / "again", survey.path / "results" / "templates" / "library.h5")
    for sign, sight in ((signal.SIGTERM, "spectra"), (signal.SIGKILL, "predictions")):
        _kill_once_there_is(again, again.results / sight, sign)
    subprocess.run(again.command("--unlock"), check=True, capture_output=True, env=environment())
    again.run("catalog", "--rerun-incomplete")
    name = "catalogs/recommended.csv"
    assert (again.results / name).read_bytes() == (survey.results / name).read_bytes()


def _kill_once_there_is(workdir, path, sign):
    """Start the run in a process group of its own and end it as soon as ``path`` holds a finished file."""
    process = workdir.start("catalog", "--rerun-incomplete")
    while process.poll() is None and not any(p.is_file() for p in path.rglob("[!.]*")):
        time.sleep(0.05)  # polling for the file, the event that this waits for
    assert process.poll() is None, "the run ended before it could be killed"
    os.killpg(process.pid, sign)
    process.wait()


def test_an_unknown_key_stops_at_once(tmp_path):
    workdir = new_workdir(tmp_path / "bad")
    done = workdir.run("-n", "--config", 'plan={"plates": 3}', check=False)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "command line (--config): plan.plates: no such key; did you mean plates_per_batch?" in said
    done = workdir.run("-n", "--config", 'plan={"plates_per_batch": 3}', 'spmm={"folds": 1}', check=False)
    said = done.stdout + done.stderr
    assert "command line (--config): spmm.folds: 1 is not allowed; give a whole number from 2 to 100" in said
    assert "plates_per_batch" not in said


def test_overlays_are_checked_by_name_before_anything_runs(tmp_path):
    workdir = new_workdir(tmp_path / "bad")
    texts = ("survey: {name: a}\nscm: {spt_prob_min: 90}", "survey: {name: b}\nparameters: {engine: payne}")
    paths = [tmp_path / "one.yaml", tmp_path / "two.yaml"]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    code, said = outcome(workdir.path, "-n", "--configfile", *paths)
    one, two = paths
    assert code != 0 and "Traceback" not in said
    assert f"{one}: scm.spt_prob_min: 90 is not allowed; give a number from 0 to 1" in said
    assert f"{two}: parameters.engine: no engine 'payne'; there are: cnn" in said
    assert f'{one}, {two}: survey.name: one says "a", the other "b"' in said


def test_a_folder_that_can_not_be_written_is_named(tmp_path):
    workdir = new_workdir(tmp_path / "read_only")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", workdir.path], check=False).returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        done = workdir.run("-n", check=False)
        said = done.stdout + done.stderr
        assert done.returncode == 1 and f"{workdir.path} can't be written (read-only, or not yours)" in said
        assert "Traceback" not in said
    finally:
        subprocess.run(["umount", workdir.path], check=True)


def test_a_models_path_that_does_not_exist_is_named(survey, tmp_path):
    workdir = new_workdir(tmp_path / "bad")
    done = workdir.run("-n", "catalog", "--config", 'models={"path": "no/such/models"}', check=False)
    assert done.returncode != 0
    assert "models.path" in done.stdout + done.stderr and "no/such/models" in done.stdout + done.stderr


def test_the_folder_of_a_users_own_files(copy_of_survey, tmp_path):
    """A `files` survey on spectra of the simulated one, with a bundle of its models, and damaged files among them."""
    survey = copy_of_survey
    survey.run("models")
    fits = sorted((survey.results / "sim" / "fits").rglob("*.fits.gz"))[:40]
    folder = tmp_path / "spectra"
    folder.mkdir()
    for path in fits:
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "spec-56000-TRUNC_sp01-001.fits.gz").write_bytes(fits[0].read_bytes()[:3000])
    (folder / "spec-56000-NOTFITS_sp01-002.fits").write_text("not a FITS file")
    workdir = new_workdir(tmp_path / "work", survey.path / "results" / "templates" / "library.h5")
    workdir.run(
        "catalog",
        "--config",
        'survey={"name": "mine", "kind": "files"}',
        f'files={{"spectra": "{folder}"}}',
        f'models={{"path": "{survey.results / "models.tar.gz"}"}}',
    )
    jobs = {path.stem for path in (workdir.path / "results" / "mine" / "benchmarks").iterdir()}
    assert "predict_tlma" in jobs and not jobs & {"train", "train_fold", "fit_outliers"}
    catalogs = workdir.path / "results" / "mine" / "catalogs"
    classification = pd.read_parquet(catalogs / "classification.parquet")
    assert len(classification) == len(fits) + 2
    recommended = pd.read_parquet(catalogs / "recommended.parquet")
    assert "filename" in recommended and len(recommended) > 0
    assert (recommended["parameter_flag"] == 0).all()


def test_the_rule_graph_is_drawn():
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "all", "--cores", "1", "--rulegraph", "dot"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert done.returncode == 0 and "digraph" in done.stdout


@pytest.mark.slow
def test_one_core_makes_the_bytes_of_two(survey, tmp_path):
    """All of the finished survey but its simulation and trainings, on one core and on two."""
    made = []
    for cores in ("1", "2"):
        workdir = new_workdir(tmp_path / cores, survey.path / "results" / "templates" / "library.h5")
        os.utime(workdir.path / "results" / "templates" / "library.h5", (1e9, 1e9))
        os.utime(workdir.path / "results" / "templates" / "packages", (1e9 - 1, 1e9 - 1))
        shutil.copytree(survey.results / "sim", workdir.results / "sim")
        models = f'models={{"path": "{survey.results / "models"}"}}'
        workdir.run("catalog", "--cores", cores, "--rerun-triggers", "mtime", "--config", models)
        folders = [workdir.results / name for name in ("spectra", "predictions", "rv", "parameters", "catalogs")]
        files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
        made.append({path.relative_to(workdir.results): path.read_bytes() for path in files})
    one, two = made
    assert len(one) > 20 and one.keys() == two.keys()
    assert [str(path) for path in one if one[path] != two[path]] == []
