"""Damage is found."""

import gzip
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import DamagedFile, InputError
from mstars.files.checksums import record
from mstars.files.stores import read_batch
from mstars.files.tables import read_table, write_table
from mstars.ops import cli
from mstars.ops.verify import examine


def damaged(folder):
    return examine(folder).damaged


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)


def test_verify_finds_a_flipped_byte_and_a_short_file(survey, capsys):
    table, spectra, plan = survey / "big.parquet", survey / "spectra/a.h5", survey / "plan/batches.json"
    write_table(pd.DataFrame({"x": np.random.default_rng(2).normal(size=20000)}), table)
    assert damaged(survey) == [] and cli.main(["verify", str(survey)]) == 0
    flip(table, 40000)
    flip(spectra, spectra.stat().st_size // 2)
    plan.write_text(plan.read_text()[:-8])
    assert [error.path for error in damaged(survey)] == sorted([table, plan, spectra])
    assert cli.main(["verify", str(survey)]) == 1
    assert cli.main(["verify", str(survey), "--repair"]) == 0
    assert "a.h5.damaged" in capsys.readouterr().out and not spectra.exists()
    assert damaged(survey) == []


def test_a_process_that_only_verifies_can_read_the_stores(survey):
    command = [sys.executable, "-m", "mstars.ops.cli", "verify", str(survey)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "every file is whole" in done.stdout, done.stdout + done.stderr


def test_reading_damage_says_so(survey):
    path = survey / "spectra/a.h5"
    flip(path, path.stat().st_size // 2)
    with pytest.raises(DamagedFile, match="a.h5: damaged .*remade"):
        read_batch(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DamagedFile, match="not a readable store"):
        read_batch(path)
    with pytest.raises(InputError, match="no column nope"):
        read_table(survey / "plan/m_catalog_v0.parquet", ["nope"])
    (survey / "models").mkdir()
    weights = survey / "models/weights.safetensors"
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    weights.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    assert [error.path.name for error in damaged(survey)] == ["a.h5"]
    weights.write_bytes(weights.read_bytes()[:-1])
    assert len(damaged(survey)) == 2


@pytest.fixture
def held_open(survey):
    """A store that another program has open for writing."""
    path = survey / "spectra/a.h5"
    code = f"import h5py, sys; file = h5py.File({str(path)!r}, 'r+'); print('open', flush=True); sys.stdin.read()"
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "open\n"
    yield path
    other.kill()
    other.communicate()


def test_a_store_in_use_is_named_and_left_alone(survey, held_open, capsys):
    with pytest.raises(InputError, match="a.h5: in use by another program") as caught:
        read_batch(held_open)
    assert not isinstance(caught.value, DamagedFile)  # a job renames those
    assert cli.main(["verify", "--repair", str(survey)]) == 1
    said = capsys.readouterr().out
    assert "not looked at" in said and "a.h5: in use by another program" in said and "whole" not in said
    assert held_open.exists() and not damaged(survey)


KINDS = ["parquet", "h5", "json", "safetensors", "fits", "csv", "vot", "npy", "png", "pdf", "html", "tex", "md", "txt"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_byte_anywhere_in_what_a_job_wrote_is_named_and_set_aside(survey, monkeypatch, capsys, kind):
    monkeypatch.chdir(survey.parents[1])
    path = survey / f"some/a.{kind}"
    path.parent.mkdir()
    path.write_bytes(bytes(range(256)) * 5)
    record(path)
    assert cli.main(["verify", str(survey)]) == 0
    assert "1 by their recorded checksums" in capsys.readouterr().out
    for at in (0, 700, 1279):
        flip(path, at)
        assert [error.path for error in damaged(survey)] == [path]
        flip(path, at)
    flip(path, 3)
    assert cli.main(["verify", "--repair", str(survey)]) == 0
    assert not path.exists() and path.with_name(f"a.{kind}.damaged").exists() and damaged(survey) == []


def test_a_picture_of_a_folder_sets_the_folder_aside_for_it_is_made_as_a_whole(survey, monkeypatch, capsys):
    monkeypatch.chdir(survey.parents[1])
    folder = survey / "review/scm/pictures"
    folder.mkdir(parents=True)
    for name in "abc":
        (folder / f"{name}.png").write_text(name)
    record(folder)
    for name in "ab":
        (folder / f"{name}.png").write_text("other")
    assert [error.path.name for error in damaged(survey)] == ["a.png", "b.png"]
    assert cli.main(["verify", "--repair", str(survey)]) == 0
    assert not folder.exists() and folder.with_name("pictures.damaged").is_dir()


def test_a_damaged_record_and_packed_files_without_one_are_named(survey, monkeypatch):
    monkeypatch.chdir(survey.parents[1])
    (survey / "a.fits.gz").write_bytes(gzip.compress(b"x" * 9999)[:-5])
    path = survey / "a.txt"
    path.write_text("x")
    record(path)
    kept = survey / "checksums/a.txt.sha256"
    kept.write_text("no checksum")
    assert sorted(error.path.name for error in damaged(survey)) == ["a.fits.gz", "a.txt.sha256"]


def test_temporary_files_of_killed_jobs_are_counted_and_removed_by_repair(survey, capsys):
    for name in (".55804284.spt.npy", "spectra/.0123abcd.a.h5"):
        (survey / name).write_text("half")
    assert cli.main(["verify", str(survey)]) == 0
    said = capsys.readouterr().out
    assert "2 temporary files of killed jobs, first" in said and "the next run removes them" in said
    assert cli.main(["verify", "--repair", str(survey)]) == 0
    assert "removed" in capsys.readouterr().out and not list(survey.rglob(".*"))
