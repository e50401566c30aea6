"""A profile is checked against the cluster before the first job: each complaint says what to do."""

import os
import re
import shutil
from types import SimpleNamespace

import pytest

from mstars.ops.slurm import Site, complaints, parse_site, unwritable

SINFO = "cpu|(null)\ngpu|gpu:a100:4(S:0-1)\ngpu|gpu:h100:8\nold|gpu:2,tmpdisk:10\n"


def test_parse_site():
    site = parse_site(SINFO, "AccountingStorageEnforce = associations,limits\nMinJobAge = 300 sec")
    assert site == Site({"cpu": set(), "gpu": {"a100", "h100"}, "old": {""}}, needs_account=True)
    assert not parse_site(SINFO, "AccountingStorageEnforce = none").needs_account


@pytest.mark.parametrize(
    ("partitions", "gpus", "options", "said"),
    [
        ({"ingest": "cpu", "train": "gpu"}, {"train": 1}, {}, None),
        ({"ingest": "cpu", "train": "gpu"}, {"train": 1}, {"gpu_model": "h100"}, None),
        ({"ingest": "cpu", "train": "cpu"}, {"train": 0}, {}, None),
        (
            {"ingest": "fast"},
            {},
            {},
            "slurm_partition fast .rules ingest..* has: cpu, gpu, old",
        ),
        (
            {"train": "cpu"},
            {"train": 1},
            {},
            "rule train .* partition cpu has none; choose one of: gpu",
        ),
        (
            {"ingest": "cpu", "train": "gpu"},
            {"train": 1},
            {"gpu_model": "v100"},
            "gpu has no gpu_model v100, but: a100, h100",
        ),
    ],
)
def test_complaints(partitions, gpus, options, said):
    found = complaints(parse_site(SINFO, ""), partitions, gpus, **options)
    if said is None:
        assert found == []
    else:
        (one,) = found

        assert re.search(said, one)


def test_account_and_silence():
    site = Site({"cpu": set()}, needs_account=True)
    assert "slurm_account" in complaints(site, {"train": "cpu"}, {})[0]
    assert complaints(site, {"train": "cpu"}, {}, account="astro") == []
    assert "no Slurm controller" in complaints(None, {}, {})[0]
    (anywhere,) = complaints(Site({"cpu": set()}), {}, {"train": 1})
    assert "the default partition has none" in anywhere
    no_gpu = complaints(Site({"cpu": set()}), {"train": "cpu"}, {"train": 1})
    assert "this cluster shows no GPU" in no_gpu[0] and "resources.gpu" in no_gpu[0]


def test_unwritable(tmp_path):
    assert unwritable([tmp_path / "results" / "demo"]) == []
    (said,) = unwritable(["/proc/results", "/proc/results/models"])
    assert re.search("can't be written|is full", said)


def test_read_only_and_full_disks_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    (said,) = unwritable([tmp_path / "results"])
    assert said.startswith(f"{tmp_path} can't be written (read-only") and "--directory" in said
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    (said,) = unwritable([tmp_path / "results"])
    assert said.startswith(f"the disk of {tmp_path} is full: free some space")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2**30))
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_files=1000, f_favail=0))
    (said,) = unwritable([tmp_path / "results"])
    assert said.startswith(f"the disk of {tmp_path} takes no more files: delete some")
