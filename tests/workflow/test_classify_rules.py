"""SCM as rules: from stores to candidates and catalogues; a killed training goes on; missing models are one message."""

import json
import os
import shutil
import signal
import subprocess
import time

import numpy as np
import pandas as pd
import pytest
from made_spectra import m_like
from places import ROOT
from workdir import command, environment, outcome, said_by

from mstars.files.json_files import read_json, write_json
from mstars.files.stores import write_batch
from mstars.files.tables import read_table, write_table
from mstars.spectra.container import SpectrumSet, concatenate

pytestmark = pytest.mark.workflow
SMALL = {"channels": [4, 4, 4, 4], "kernels": [9, 5, 5, 3], "strides": [2, 1, 1, 1], "pools": [4, 4, 4, 2]}
N_M, N_WRONG, N_OTHER = 150, 6, 40


def renamed(spectra, prefix):
    keys = np.array([f"{prefix}{i:03d}" for i in range(len(spectra))])
    return SpectrumSet(spectra.flux, spectra.ivar, spectra.ormask, spectra.wavelength, keys)


@pytest.fixture
def place(tmp_path):
    """A survey of 150 M stars, six hot stars taken for M, and 40 spectra each of A and WD to learn from."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "src").symlink_to(ROOT / "src")
    rules = "".join(
        f'include: "{ROOT}/workflow/rules/{name}.smk"\n' for name in ("common", "networks", "scm", "review")
    )
    plan = (
        'checkpoint plan:\n    output:\n        plan="results/demo/plan/plan.parquet",\n'
        '        batches="results/demo/plan/batches.json",\n'
    )
    (tmp_path / "Snakefile").write_text('configfile: "config/config.yaml"\n' + rules + plan)
    training = {"epochs": 12, "batch_size": 16, "learning_rate": 0.003, "architecture": SMALL, "device": "cpu"}
    scm = {"classes": ["A", "M"], "n_per_class": 500, "ood": {"n_component": 3}}
    (tmp_path / "small.json").write_text(json.dumps({"networks": training, "scm": scm}))
    wavelength = m_like(1, 10, 0).wavelength
    blue, hot = 3.0 * (wavelength / 6000) ** -3, 9.0 * (wavelength / 6000) ** -5
    parts = [
        m_like(N_M, 25, 1),
        m_like(N_WRONG, 25, 2, blue),
        m_like(N_OTHER, 25, 3, blue),
        m_like(N_OTHER, 25, 4, hot),
    ]
    spectra = concatenate([renamed(part, prefix) for part, prefix in zip(parts, "mxaw", strict=True)])
    keys = pd.DataFrame({"spectrum_key": spectra.spectrum_key})
    results = tmp_path / "results/demo"
    write_batch(results / "spectra/b.h5", spectra, keys, pd.DataFrame({"reason": []}))
    table = keys.assign(batch="b", plate="b", row=np.arange(len(keys)))
    table["ra"], table["dec"] = np.linspace(10, 50, len(keys)), 20.0
    table[["snru", "snrg", "snrr", "snri", "snrz"]] = 25.0
    letter = table["spectrum_key"].str[0]
    table["label"], table["lamost_class"] = letter.map({"m": "M", "x": "M", "a": "A", "w": "WD"}), "dM"
    candidates = table[letter.isin(["m", "x"])]
    write_table(candidates.drop(columns="label"), results / "plan/m_catalog_v0.parquet")
    write_table(table[~letter.isin(["m", "x"])], results / "plan/class_catalog.parquet")
    write_table(table[["spectrum_key", "batch"]], results / "plan/plan.parquet")
    write_json(["b"], results / "plan/batches.json")
    write_table(table[["spectrum_key", "batch", "row"]], results / "ingest/spectra.parquet")
    write_table(candidates[["spectrum_key"]].assign(star_id=None), results / "crossmatch/gaia.parquet")
    nothing = {"CMD_flag": 0, "CMD_pos": "", "bp_rp_0": np.nan, "M_G_0": np.nan}
    write_table(candidates[["spectrum_key"]].assign(**nothing), results / "crossmatch/photometry.parquet")
    return tmp_path


def arguments(place, *targets):
    overlays = ("--configfile", place / "config/config.yaml", place / "small.json")
    return (*overlays, "--rerun-incomplete", "--", *targets)


def snakemake(place, *targets, expect=0):
    return said_by(place, *arguments(place, *targets), expect=expect, snakefile=place / "Snakefile")


def change(place, section, **values):
    config = json.loads((place / "small.json").read_text())
    config.setdefault(section, {}).update(values)
    (place / "small.json").write_text(json.dumps(config))


def test_from_stores_to_the_first_catalogues(place):
    snakemake(place, "results/demo/catalogs/m_catalog_v1.parquet")
    results = place / "results/demo"
    pool = read_table(results / "training/pool.parquet").set_index("spectrum_key")
    wrong = [key for key in pool.index if key.startswith("x")]
    assert not pool.loc[wrong, "kept"].any() and pool["kept"].sum() >= len(pool) - len(wrong) - 2
    summary = read_json(results / "training/spt.json")
    assert summary["classes"] == ["A", "M"] and summary["counts"]["A"] == {"train": 30, "valid": 10}
    removed = read_table(results / "catalogs/non_m_catalog_v1.parquet")
    kept = read_table(results / "catalogs/m_catalog_v1.parquet")
    assert len(kept) + len(removed) == N_M + N_WRONG
    assert set(wrong) <= set(removed["spectrum_key"]) and len(removed) <= N_WRONG + 3
    assert not (results / "training/spt.npy").exists()  # temporary
    assert read_json(results / "models/spt/model.json")["about"]["training_set"] == summary["hash"]


def test_several_trainings_become_one_network(place):
    (place / "Snakefile").write_text(
        (place / "Snakefile").read_text() + f'include: "{ROOT}/workflow/rules/members.smk"\n'
    )
    change(place, "networks", epochs=2)
    change(place, "scm", spt_members=2)
    said = snakemake(place, "results/demo/predictions/spt/b.parquet")
    assert "train CNN spt, number 1" in said and "2 networks as one" in said
    models = place / "results/demo/models/spt"
    about = read_json(models / "model.json")
    assert about["members"] == 2 and about["about"]["seed"] != about["about"]["members"][0]["seed"]
    parts = [read_table(models / f"members/{number}/validation.parquet")["prob_M"] for number in range(2)]
    together = read_table(models / "validation.parquet")["prob_M"]
    np.testing.assert_allclose(together, np.mean(parts, axis=0), atol=1e-7)
    assert np.abs(parts[0] - parts[1]).max() > 1e-3
    assert len(read_table(place / "results/demo/predictions/spt/b.parquet")) == N_M + N_WRONG


def test_a_killed_training_goes_on(place):
    change(place, "networks", epochs=300, stop_patience=300, least_improvement=0.0)
    target = "results/demo/models/wdm/model.json"
    checkpoint = place / "results/demo/models/wdm/checkpoint.safetensors"
    line = command(place, "--cores", 1, *arguments(place, target), snakefile=place / "Snakefile")
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen(line, **nowhere, env=environment(), start_new_session=True)
    deadline = time.monotonic() + 300
    while not checkpoint.exists() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)  # polling for the file, the event that this waits for
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert checkpoint.exists() and not (place / target).exists()
    outcome(place, "--unlock", *arguments(place)[:-1], snakefile=place / "Snakefile")
    said = snakemake(place, target)
    assert "wdm: going on after epoch" in said
    assert len(pd.read_csv(place / "results/demo/models/wdm/history.csv")) == 300
    assert not checkpoint.exists()


def test_models_that_are_not_there_are_one_message(place):
    change(place, "models", path="nowhere/models")
    said = snakemake(place, "results/demo/scm/candidates.parquet", expect=1)
    assert "models.path: nowhere/models is not a folder" in said
