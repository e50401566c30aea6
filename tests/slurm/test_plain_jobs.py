"""Slurm itself: it comes up, takes what jobs ask for, kills what takes too much, and goes down even when half up."""

import json
from pathlib import Path

import pytest
from cluster import Cluster, ClusterError, alive

pytestmark = pytest.mark.slurm

JOBS = """
rule all:
    input: "gpu.txt", "big.txt"
rule train:
    output: "gpu.txt"
    threads: 2
    resources: gpu=1, mem_mb=700
    shell: "echo $CUDA_VISIBLE_DEVICES > {output}"
rule big:
    output: "big.txt"
    resources: mem_mb=lambda wildcards, attempt: 700 * attempt ** 2
    shell: "python3 -c 'import time; x = bytearray(1000 << 20); time.sleep(4)' && echo {resources.mem_mb} > {output}"
"""


def test_jobs_get_what_they_ask_for_and_grow_after_a_kill(slurm, snakemake, place):
    (place / "Snakefile").write_text(JOBS)
    before = {job["JobId"] for job in slurm.jobs()}
    snakemake.run(place, snakefile=place / "Snakefile")
    jobs = [job for job in slurm.jobs() if job["JobId"] not in before]
    (train,) = (job for job in jobs if job["Comment"] == "rule_train")
    assert (train["TresPerJob"], train["Partition"], train["CPUs/Task"]) == ("gres:gpu:1", "gpu", "2")
    assert (train["MinMemoryNode"], train["TimeLimit"]) == ("700M", "00:30:00")
    assert (place / "gpu.txt").read_text().strip() in {"0", "1"}
    big = {job["MinMemoryNode"]: job["JobState"] for job in jobs if job["Comment"] == "rule_big"}
    assert set(big) == {"700M", "2800M"} and big["2800M"] == "COMPLETED"
    assert big["700M"] in {"FAILED", "OUT_OF_MEMORY"}  # by what the machine has to end a job that takes too much
    assert (place / "big.txt").read_text().strip() == "2800"


def test_a_partition_that_does_not_exist_is_named_before_the_first_job(slurm, snakemake, place):
    said = snakemake.run(place, "results/templates/packages", "--default-resources", "slurm_partition=nope", code=1)
    assert "slurm_partition nope" in said and "this cluster has: cpu, gpu" in said and "submitted" not in said


def test_a_gpu_for_predictions_that_is_not_there_is_named(slurm, snakemake, place):
    (place / "fits").mkdir()
    (place / "fits" / "a.fits").touch()
    files = {"survey": {"name": "mine", "kind": "files"}, "files": {"spectra": str(place / "fits")}}
    gpus = {"resources": {"gpu": {"train": 1, "predict": 1, "velocity": 0}}}
    (place / "gpus.yaml").write_text(json.dumps(files | gpus))
    overlays = ["--configfile", place / "config" / "config.yaml", place / "gpus.yaml"]
    asked = ["--default-resources", "slurm_partition=cpu", "gpu_model=a100"]
    said = snakemake.run(place, "results/templates/packages", *overlays, *asked, code=1)
    assert "rule predict: partition cpu has no gpu_model a100, but: fake" in said
    assert "rule train:" not in said and "submitted" not in said  # given models: nothing is trained


def test_half_up_is_taken_down(slurm, tmp_path, monkeypatch):
    cluster = Cluster(tmp_path / "half")
    start = Cluster.start

    def broken(self, daemon):
        if daemon == "slurmd":
            raise ClusterError("no slurmd today")
        start(self, daemon)

    monkeypatch.setattr(Cluster, "start", broken)
    pids, stop = [], Cluster.stop

    def watched(self, daemon):
        pids.append(noted(self, daemon))
        stop(self, daemon)

    monkeypatch.setattr(Cluster, "stop", watched)
    with pytest.raises(ClusterError, match="no slurmd today"):
        cluster.up()
    assert len([pid for pid in pids if pid]) == 2 and not any(alive(pid) for pid in pids if pid)
    assert not list(cluster.folder.glob("*[a-z].pid"))


def noted(cluster, daemon):
    note = Path(cluster.folder, f"{daemon}.pid")
    return int(note.read_text()) if note.exists() else None
