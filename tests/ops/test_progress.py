"""Summary, progress and verify read what a run leaves behind."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import DamagedFile, InputError
from mstars.files.json_files import write_json
from mstars.files.stores import read_batch, write_batch
from mstars.files.tables import read_table, write_table
from mstars.ops import cli
from mstars.ops.job_costs import by_rule, read_benchmarks
from mstars.ops.progress import clock, stages
from mstars.ops.verify import damaged
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def store(path, n=6):
    wavelength = lamost_wavelength()
    flux = np.random.default_rng(1).normal(1, 0.1, (n, len(wavelength))).astype("f4")
    keys = np.array([f"k{i}" for i in range(n)])
    spectra = SpectrumSet(flux, np.ones_like(flux), np.zeros(flux.shape, "u1"), wavelength, keys)
    write_batch(path, spectra, pd.DataFrame({"spectrum_key": keys}), pd.DataFrame({"reason": []}))


@pytest.fixture
def survey(tmp_path):
    folder = tmp_path / "results" / "demo"
    for name, seconds, memory in (
        ("ingest_batch/a", 2, 100),
        ("ingest_batch/b", 4, 300),
        ("predict_one/dmgm/a", 1, 50),
    ):
        path = folder / "benchmarks" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER + f"{seconds}\t0:00:0{seconds}\t{memory}\t-\t-\t-\t0\t0\t90\t{seconds}\n")
    (folder / "benchmarks/half.tsv").write_text("s\n")
    write_json({"a": {"n_spectra": 100}, "b": {"n_spectra": 300}}, folder / "plan/batches.json")
    write_table(pd.DataFrame({"spectrum_key": ["x", "y"]}), folder / "plan/m_catalog_v0.parquet")
    reasons = ["empty file: a.fits", "empty file: b.fits", "no column FLUX 3"]
    write_table(pd.DataFrame({"spectrum_key": list("abc"), "reason": reasons}), folder / "ingest/rejected.parquet")
    store(folder / "spectra/a.h5")
    return folder


def test_rules_and_their_cost(survey):
    table = by_rule(read_benchmarks(survey)).set_index("rule")
    assert list(table.index) == ["ingest_batch", "predict_one"]
    assert table.loc["ingest_batch", ["jobs", "seconds", "longest", "memory_mb"]].tolist() == [2, 6, 4, 300]


def test_progress_and_time_left(survey):
    benchmarks = read_benchmarks(survey).assign(ended=[10.0, 14.0, 20.0])
    table = stages(benchmarks, {"a": 100, "b": 300}).set_index("stage")
    assert table.loc["ingest_batch", ["done", "spectra", "rate", "left"]].tolist() == [2, 400, 400 / 6, 0]
    assert table.loc["predict_one dmgm", ["done", "spectra", "rate", "left"]].tolist() == [1, 100, 100, 3]
    assert [clock(value) for value in (5, 600, 7200)] == ["5 s", "10 min", "2.0 h"]


def test_summary_names_reasons_and_rules(survey, capsys):
    assert cli.main(["summary", str(survey)]) == 0
    said = capsys.readouterr().out
    page = (survey / "run_summary.html").read_text()
    for text in (said, page):
        assert "empty file" in text and "ingest_batch" in text and "M catalogue (v0)" in text
        assert "2 spectra in the M catalogue, 3 jobs, 7 s of processor time, 300 MB in the largest job" in text
    assert cli.main(["progress", str(survey)]) == 0
    assert "2 batches, 400 spectra" in capsys.readouterr().out


def test_no_results_is_one_line(tmp_path, capsys):
    assert cli.main(["summary", str(tmp_path)]) == 1
    assert "no results of a survey" in capsys.readouterr().err


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
