"""Damage is found."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import DamagedFile, InputError
from mstars.files.stores import read_batch
from mstars.files.tables import read_table, write_table
from mstars.ops import cli
from mstars.ops.verify import damaged


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
