"""The small survey through `snakemake --profile slurm`: what jobs ask for, and the same bytes as on this machine.

By default the path from FITS files to one trained network is sent through Slurm; MSTARS_SLURM_TARGET=catalog sends all
of it, up to the catalogue.
"""

import os
import shutil
import signal

import pytest
from cluster import wait_for
from conftest import ROOT

pytestmark = pytest.mark.slurm
TARGET = os.environ.get("MSTARS_SLURM_TARGET", "results/ci/models/wdm/model.json")
OVERLAY = ["--configfile", ROOT / "config" / "config.yaml", ROOT / "tests" / "workflow" / "ci.yaml"]
# what the second run makes anew, through Slurm: all but the simulation, the plan and the matches
REMADE = (
    "spectra",
    "ingest",
    "training",
    "models",
    "predictions",
    "scm",
    "dgcm",
    "rv",
    "parameters",
    "quality",
    "catalogs",
)


@pytest.fixture(scope="module")
def local(slurm, snakemake, tmp_path_factory):
    """The survey made on this machine, without Slurm."""
    place = tmp_path_factory.mktemp("local")
    shutil.copytree(ROOT / "config", place / "config")
    shutil.copytree(ROOT / "tests" / "slurm" / "profile", place / "slurm")
    if (library := ROOT / "results" / "templates" / "packages").is_dir():
        shutil.copytree(library, place / "results" / "templates" / "packages")
    snakemake.run(place, TARGET, *OVERLAY, slurm=False)
    return place


@pytest.fixture
def copy(local, tmp_path):
    """A copy of the finished survey, times and Snakemake's memory included."""
    place = tmp_path / "copy"
    shutil.copytree(local, place, symlinks=True)
    return place


def products(place):
    """Stores, weights and tables of the survey, as bytes by name."""
    names = [
        path
        for pattern in ("**/*.h5", "**/*.safetensors", "**/*.parquet")
        for path in place.glob(f"results/ci/{pattern}")
    ]
    return {str(path.relative_to(place)): path.read_bytes() for path in names if "/sim/" not in str(path)}


def test_the_same_bytes_and_what_jobs_asked_for(slurm, snakemake, local, copy):
    for name in REMADE:
        shutil.rmtree(copy / "results" / "ci" / name, ignore_errors=True)
    before = {job["JobId"] for job in slurm.jobs()}
    snakemake.run(copy, TARGET, *OVERLAY)
    jobs = [job for job in slurm.jobs() if job["JobId"] not in before]
    of_rule = lambda rule: [job for job in jobs if job["Comment"].removeprefix("rule_").startswith(rule)]  # noqa: E731
    trainings, plates = of_rule("train_wildcards") + of_rule("train_fold"), of_rule("ingest_batch")
    assert trainings and all((job["TresPerJob"], job["Partition"]) == ("gres:gpu:1", "gpu") for job in trainings)
    assert len(plates) == 2 and all("TresPerJob" not in job and job["Partition"] == "cpu" for job in plates)
    assert all(1000 <= int(job["MinMemoryNode"].rstrip("M")) <= 1500 for job in plates)
    expected, found = products(local), products(copy)
    assert expected.keys() == found.keys()
    assert [name for name, content in expected.items() if found[name] != content] == []


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_is_resumed(slurm, snakemake, local, copy, sig):
    stores = sorted(path.relative_to(copy) for path in copy.glob("results/ci/spectra/*.h5"))
    shutil.rmtree(copy / "results" / "ci" / "spectra")
    running = snakemake.start(copy, *stores, *OVERLAY)
    wait_for(lambda: "submitted" in (copy / "snakemake.out").read_text(), "job in Slurm", 120)
    running.send_signal(sig)
    running.wait(timeout=120)
    busy = ("PENDING", "RUNNING", "COMPLETING")
    wait_for(lambda: not [job for job in slurm.jobs() if job["JobState"] in busy], "end of the jobs", 120)
    snakemake.run(copy, "--unlock", *OVERLAY)
    snakemake.run(copy, *stores, *OVERLAY)
    assert all((copy / path).read_bytes() == (local / path).read_bytes() for path in stores)


def test_the_controller_is_killed_and_a_job_cancelled(slurm, snakemake, local, copy):
    stores = sorted(path.relative_to(copy) for path in copy.glob("results/ci/spectra/*.h5"))
    shutil.rmtree(copy / "results" / "ci" / "spectra")
    known = {job["JobId"] for job in slurm.jobs()}
    running = snakemake.start(copy, *stores, *OVERLAY)
    new = wait_for(lambda: [job["JobId"] for job in slurm.jobs() if job["JobId"] not in known], "job in Slurm", 120)
    slurm.ask("scancel", new[0])
    slurm.stop("slurmctld", signal.SIGKILL)
    slurm.start("slurmctld")
    assert running.wait(timeout=300) == 0, (copy / "snakemake.out").read_text()[-4000:]
    assert all((copy / path).read_bytes() == (local / path).read_bytes() for path in stores)


def test_a_damaged_store_is_named_and_remade(snakemake, local, copy):
    store = next(copy.glob("results/ci/spectra/*.h5"))
    store.write_bytes(store.read_bytes()[:4000])
    summary = "results/ci/ingest/spectra.parquet"
    said = snakemake.run(copy, summary, *OVERLAY, slurm=False, code=1)
    assert f"{store.name}: damaged" in said and "set aside" in said
    snakemake.run(copy, summary, *OVERLAY, slurm=False)
    assert (copy / summary).read_bytes() == (local / summary).read_bytes()
