"""A survey that was killed or damaged on the disk: named, remade, and the same bytes in the end."""

import os
import signal
import subprocess
import sys
import time

import pytest
from workdir import environment, new_workdir

from mstars.files.whole import leftovers
from mstars.ops.verify import examine

pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.timeout(3000)]

KILLS = [
    (signal.SIGTERM, "sim/plates/*"),
    (signal.SIGKILL, "sim/catalogs/*"),
    (signal.SIGTERM, "plan/*"),
    (signal.SIGKILL, "spectra/*"),
    (signal.SIGTERM, "crossmatch/*"),
    (signal.SIGKILL, "training/.*"),  # a file that is being written
    (signal.SIGKILL, "models/*/*"),
    (signal.SIGTERM, "predictions/*/*"),
    (signal.SIGKILL, "rv/*"),
    (signal.SIGTERM, "models/*/*/*"),
    (signal.SIGKILL, "parameters/*"),
    (signal.SIGTERM, "catalogs/*"),
]
"""Signals to the whole run, each as soon as there is a file of this pattern."""


def killed(workdir, sign, pattern) -> bool:
    """Start the run and end it when there is such a file; whether it was still running then."""
    process = workdir.start("catalog", "--rerun-incomplete")
    hidden = pattern.rpartition("/")[2].startswith(".")
    while process.poll() is None:
        if any(path.name.startswith(".") == hidden for path in workdir.results.glob(pattern)):
            break
        time.sleep(0.002)  # polling for the file, the event that this waits for
    running = process.poll() is None
    if running:
        os.killpg(process.pid, sign)
    process.wait()
    return running


def test_twelve_kills_change_no_byte_and_leave_nothing(survey, tmp_path):
    again = new_workdir(tmp_path / "again", survey.path / "results" / "templates" / "library.h5")
    left = 0
    for sign, pattern in KILLS:
        assert killed(again, sign, pattern), f"the run ended before there was {pattern}"
        left += len(leftovers(again.results))
    assert left > 0
    subprocess.run(again.command("--unlock"), check=True, capture_output=True, env=environment())
    again.run("catalog", "--rerun-incomplete")
    same_bytes(survey, again, "catalogs")
    found = examine(again.results)
    assert not (found.damaged or found.unread or found.leftovers) and found.n_recorded > 500


def same_bytes(survey, other, folder):
    names = sorted(path.name for path in (survey.results / folder).iterdir() if path.is_file())
    assert names
    for name in names:
        assert (survey.results / folder / name).read_bytes() == (other.results / folder / name).read_bytes(), name


FLIPPED = [
    "sim/fits/*/*/*.fits.gz",
    "sim/catalogs/*.fits.gz",
    "sim/catalogs/*.fits",
    "sim/dust/*.h5",
    "sim/literature/*.csv",
    "sim/literature/*.yaml",
    "sim/*.json",
    "plan/*.parquet",
    "plan/*.json",
    "spectra/*.h5",
    "ingest/*.parquet",
    "crossmatch/*.parquet",
    "training/*.parquet",
    "models/*/weights.safetensors",
    "models/*/*/weights.safetensors",
    "models/*/model.json",
    "models/*/*.csv",
    "models/*/calibration.json",
    "predictions/*/*.parquet",
    "indices/*.parquet",
    "scm/*.parquet",
    "review/scm/*.parquet",
    "rv/*.parquet",
    "rv/*.json",
    "rv/*.csv",
    "parameters/*.parquet",
    "quality/*.parquet",
    "catalogs/*.parquet",
    "catalogs/*.csv",
    "catalogs/*.fits",
    "catalogs/*.vot",
    "compare/statistics/*.parquet",
    "tables/*.csv",
    "figures/*.pdf",
    "figures/*.png",
    "validation/*.json",
    "validation/*.md",
]


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1  # one bit
    times = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a disk that forgets


def test_a_flipped_byte_in_each_kind_of_file_is_named_and_remade(survey, copy_of_survey):
    flipped = []
    for pattern in FLIPPED:
        found = sorted(path for path in copy_of_survey.results.glob(pattern) if path not in flipped)
        assert found, pattern
        flipped.append(found[0])
        flip(found[0])
    assert sorted(error.path for error in examine(copy_of_survey.results).damaged) == sorted(flipped)
    command = [sys.executable, "-m", "mstars.ops.cli", "verify", "--repair", copy_of_survey.results]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 0 and done.stdout.count("set aside as") == len(flipped), done.stdout + done.stderr
    copy_of_survey.run("all")
    assert examine(copy_of_survey.results).damaged == []
    for path in flipped:
        name = path.relative_to(copy_of_survey.results)
        if str(name) == "plan/batches.json":  # it tells the times of the spectra's files, which are made anew
            continue
        assert path.read_bytes() == (survey.results / name).read_bytes(), name
    same_bytes(survey, copy_of_survey, "catalogs")


@pytest.mark.parametrize(
    ("missing", "wanted"), [("cells.json", "ingest/spectra.parquet"), ("batches.json", "crossmatch/gaia.parquet")]
)
def test_any_file_of_the_plan_that_is_missing_is_made_before_what_rests_on_it(copy_of_survey, missing, wanted):
    before = (copy_of_survey.results / wanted).read_bytes()
    (copy_of_survey.results / "plan" / missing).unlink()
    (copy_of_survey.results / wanted).unlink()
    copy_of_survey.run(f"results/ci/{wanted}")
    assert (copy_of_survey.results / "plan" / missing).exists()
    assert (copy_of_survey.results / wanted).read_bytes() == before
