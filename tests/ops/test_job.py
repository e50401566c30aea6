"""What a script does when its input or its disk fails: one line, and a damaged input set aside."""

import errno
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from mstars.files.tables import read_table
from mstars.ops.job import job


def a_job(folder, *inputs):
    log = folder / "job.log"
    return SimpleNamespace(threads=1, log=[str(log)], input=list(map(str, inputs)), output=["out/x"], rule="r"), log


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results/demo").mkdir(parents=True)
    return tmp_path


def test_a_damaged_input_is_set_aside(place):
    path = place / "results/demo/table.parquet"
    path.write_bytes(b"PAR1 and then nothing")
    snakemake, log = a_job(place, path)
    with pytest.raises(SystemExit), job(snakemake):
        read_table(path)
    assert "table.parquet: damaged" in log.read_text() and "run again" in log.read_text()
    assert not path.exists() and path.with_name("table.parquet.damaged").exists()


def test_a_damaged_file_of_someone_else_stays(place):
    path = place / "given.parquet"
    path.write_bytes(b"nothing")
    snakemake, log = a_job(place, path)
    with pytest.raises(SystemExit), job(snakemake):
        read_table(path)
    assert path.exists() and "set aside" not in log.read_text()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "x"), RuntimeError("write: No space left on device")])
def test_a_full_disk_is_one_line(place, error):
    snakemake, log = a_job(place)
    with pytest.raises(SystemExit), job(snakemake):
        raise error
    assert "No space left on device; free some space" in log.read_text() and "Traceback" not in log.read_text()


@pytest.mark.slow
def test_one_thread_where_numba_was_imported_with_more(place):
    code = (
        "import numba; from types import SimpleNamespace as N; from mstars.ops.job import job\n"
        "with job(N(threads=1, log=[], input=[], output=[], rule='r')):\n"
        "    assert numba.njit(lambda x: x + 1)(1) == 2 and numba.get_num_threads() == 1\n"
    )
    environment = {**os.environ, "NUMBA_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    environment.pop("NUMBA_NUM_THREADS")  # as many as cores
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("given", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_idle_openmp_threads_leave_the_cores(place, monkeypatch, given, expected):
    monkeypatch.setenv("OMP_WAIT_POLICY", given or "")
    if given is None:
        monkeypatch.delenv("OMP_WAIT_POLICY")
    snakemake, _ = a_job(place)
    with job(snakemake):
        assert os.environ["OMP_WAIT_POLICY"] == expected


@pytest.mark.slow
def test_a_matrix_product_does_not_depend_on_where_its_rows_begin_in_memory(place):
    code = (
        "import numpy as np, torch; from types import SimpleNamespace as N; from mstars.ops.job import job\n"
        "def at(values, offset):\n"
        "    place = torch.empty(values.nbytes + 256, dtype=torch.uint8)\n"
        "    place = place[-place.data_ptr() % 128 + offset:][:values.nbytes]\n"
        "    return place.view(torch.float32).reshape(values.shape).copy_(torch.from_numpy(values))\n"
        "draw = np.random.default_rng(0)\n"
        "row, weights = (draw.normal(size=(n, 300)).astype('f4') for n in (1, 4))\n"
        "with job(N(threads=1, log=[], input=[], output=[], rule='r')):\n"
        "    places = [(a, b) for a in range(0, 128, 4) for b in (0, 16, 20)]\n"
        "    made = {torch.nn.functional.linear(at(row, a), at(weights, b)).numpy().tobytes() for a, b in places}\n"
        "    assert len(made) == 1\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "MKL_CBWR"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_input_that_is_not_what_its_job_wrote_is_set_aside_before_it_is_used(place):
    path = place / "results/demo/plan/batches.json"
    path.parent.mkdir()
    writer, _ = a_job(place)
    writer.output = [str(path)]
    with job(writer):
        path.write_text('{"n": 100}')
    path.write_text('{"n": 900}')
    reader, log = a_job(place, path)
    with pytest.raises(SystemExit), job(reader):
        pytest.fail("the work must not begin")
    assert "batches.json: damaged (its content is not what the job wrote)" in log.read_text()
    assert path.with_name("batches.json.damaged").exists()


def test_a_job_that_fails_leaves_no_record(place):
    path = place / "results/demo/a.json"
    writer, _ = a_job(place)
    writer.output = [str(path)]
    with job(writer):
        path.write_text("1")
    with pytest.raises(SystemExit), job(writer):
        path.write_text("2")
        raise ValueError
    assert not (place / "results/demo/checksums/a.json.sha256").exists()


@pytest.mark.parametrize("place_of_script, ends", [(".snakemake/scripts", True), ("scripts", False)])
@pytest.mark.parametrize("work, code", [("pass", 0), ("raise RuntimeError('no')", 1), ("sys.exit(3)", 3)])
def test_a_script_of_snakemake_ends_with_its_job(tmp_path, place_of_script, ends, work, code):
    script = tmp_path / place_of_script / "a.py"
    script.parent.mkdir(parents=True)
    script.write_text(f"""
__file__ = "/elsewhere/workflow/scripts/a.py"  # as Snakemake sets it
import atexit, gc, sys
from types import SimpleNamespace
from mstars.ops.job import job
assert gc.isenabled() != {ends}
snakemake = SimpleNamespace(threads=1, log=["job.log"], input=[], output=[], rule="r")
atexit.register(lambda: print("taken apart"))
with job(snakemake) as log:
    assert gc.isenabled()
    log.info("worked")
    print("said", end="")
    {work}
print("after")
""")
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code and done.stdout.startswith("said")
    assert (tmp_path / "job.log").read_text().rstrip().splitlines()[0].endswith("worked")
    assert ("after" in done.stdout) == (code == 0 and not ends)
    assert ("taken apart" in done.stdout) == (code != 0 or not ends)
