"""Plates added to a finished survey: with given models only their batch is ingested, classified and measured."""

import os
import sys
from pathlib import Path

import pytest
import yaml
from places import ROOT
from workdir import said_by

sys.path.insert(0, str(ROOT / "benchmarks"))
from dag import NAME, made_up_plan

pytestmark = pytest.mark.workflow
RESULTS = Path("results") / NAME
TASKS = ("spt", "wdm", "dmgm", "ood")
PER_BATCH = ["spectra/{}.h5", "rv/measure/{}.parquet", *(f"predictions/{task}/{{}}.parquet" for task in TASKS)]


def dry_run(place, targets):
    return said_by(place, "-n", *targets, "--configfile", place / "config/size.yaml", "--rerun-triggers", "mtime")


def make(place, path, age=1000):
    path = place / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (path.stat().st_mtime - age,) * 2)


def test_only_the_new_batch_is_planned(tmp_path):
    made_up_plan(tmp_path, plates=6, batches=3, spectra=12)
    config = yaml.safe_load((tmp_path / "config/size.yaml").read_text())
    config["models"] = {"path": "given"}
    (tmp_path / "config/size.yaml").write_text(yaml.safe_dump(config))
    for path in (tmp_path / "data").rglob("*"):
        if path.is_file():
            os.utime(path, (1e9, 1e9))
    os.utime(tmp_path / "results/templates/library.h5", (1e9, 1e9))
    os.utime(tmp_path / "results/templates/packages", (1e8, 1e8))
    tasks = ["spt", "wdm", "dmgm", "tlma_dM/fold0", "tlma_gM/fold0"]
    models = [f"{task}/{name}" for task in tasks for name in ("model.json", "weights.safetensors")]
    for name in [*models, "ood/model.json", "ood/basis.safetensors"]:
        make(tmp_path, f"given/{name}", age=2000)
    make(tmp_path, RESULTS / "rv/bank.h5", age=1500)
    old, new = ["batch0000", "batch0001"], "batch0002"
    for number, pattern in enumerate(PER_BATCH):
        for batch in old:
            make(tmp_path, RESULTS / pattern.format(batch), age=1000 - number)
    said = dry_run(tmp_path, [str(RESULTS / pattern.format(batch)) for pattern in PER_BATCH for batch in [*old, new]])
    stats = said.split("Job stats:")[-1].split("Reasons:")[0].split()
    counted = {name: int(number) for name, number in zip(stats[4::2], stats[5::2], strict=True)}
    assert counted == {"ingest_batch": 1, "predict": 1, "rv_measure": 1, "total": 3}, said
    told = [line for line in said.splitlines() if "Command:" not in line]  # which names every target
    assert any(new in line for line in told) and not any(name in line for name in old for line in told)
