"""The small survey through Slurm: what jobs ask for, the same bytes as on this machine, and faults.

The survey is made once on this machine, models trained. Through Slurm it is then made again from FITS files to the
catalogue with those models given, and two models are trained again. Each fault works on a copy of the finished survey.
MSTARS_SLURM_SURVEY names the folder of a survey finished here before, to go without the first run.
"""

import gzip
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from cluster import wait_for
from conftest import ROOT

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(3000)]
R = Path("results/ci")
OVERLAY = ["--configfile", ROOT / "config" / "config.yaml", ROOT / "tests" / "workflow" / "ci.yaml"]
GIVEN = ["--config", "models={path: given}"]
CATALOG = [R / "catalogs" / f"recommended.{ending}" for ending in ("fits", "parquet", "csv", "vot")]
FOLD, CLASSIFIER = R / "models" / "tlma_dM" / "fold0", R / "models" / "spt9"
# made anew from the FITS files on: all but the simulation, the plan and the matches
FROM_FITS = ["spectra", "ingest", "predictions", "scm", "dgcm", "rv", "review", "parameters", "quality", "catalogs"]
BUSY = ("PENDING", "RUNNING", "COMPLETING")


@pytest.fixture(scope="module")
def local(slurm, snakemake, tmp_path_factory):
    """The survey made on this machine, without Slurm, and its models as a folder `given`."""
    if finished := os.environ.get("MSTARS_SLURM_SURVEY"):
        return Path(finished)
    place = tmp_path_factory.mktemp("local")
    shutil.copytree(ROOT / "config", place / "config")
    shutil.copytree(ROOT / "tests" / "slurm" / "profile", place / "slurm")
    if (library := ROOT / "results" / "templates" / "library.h5").is_file():
        (place / "results" / "templates").mkdir(parents=True)
        shutil.copy2(library, place / "results" / "templates" / "library.h5")
    # code that numba has just compiled and the same code from its cache differ in the last digits: fill the cache first
    snakemake.run(place, R / "ingest" / "spectra.parquet", *OVERLAY, slurm=False)
    warm = R / "rv" / "measure" / f"{stores(place)[0].stem}.parquet"
    snakemake.run(place, warm, *OVERLAY, slurm=False)
    (place / warm).unlink()
    snakemake.run(place, *CATALOG, *OVERLAY, slurm=False)
    shutil.copytree(place / R / "models", place / "given")
    return place


@pytest.fixture
def copy(local, tmp_path):
    """A copy of the finished survey, times and Snakemake's memory included."""
    place = tmp_path / "copy"
    shutil.copytree(local, place, symlinks=True)
    return place


def forget(place, *names):
    for name in names:
        shutil.rmtree(place / R / name)


def differing(place, other, *patterns):
    """Names that two folders don't have in common, and files of one name with different bytes."""
    one, two = ({path.relative_to(of) for glob in patterns for path in of.glob(f"{R}/{glob}")} for of in (place, other))
    assert one
    return sorted(map(str, one ^ two)) + [str(name) for name in one & two if not same(place, other, name)]


def same(place, other, name):
    return (place / name).read_bytes() == (other / name).read_bytes()


def stores(place):
    return sorted(path.relative_to(place) for path in (place / R / "spectra").glob("*.h5"))


def new_jobs(slurm, known):
    return [job for job in slurm.jobs() if job["JobId"] not in known]


def of_rule(jobs, rule):
    return [job for job in jobs if job["Comment"].removeprefix("rule_").startswith(rule)]


def test_the_catalogue_from_fits_files_has_the_same_bytes(slurm, snakemake, local, copy):
    forget(copy, *FROM_FITS)
    known = {job["JobId"] for job in slurm.jobs()}
    snakemake.run(copy, *CATALOG, *OVERLAY, *GIVEN)
    jobs = new_jobs(slurm, known)
    plates = of_rule(jobs, "ingest_batch")
    assert len(plates) == 2 and all("TresPerJob" not in job and job["Partition"] == "cpu" for job in plates)
    assert all(1000 <= int(job["MinMemoryNode"].rstrip("M")) <= 1500 for job in plates)
    velocities = of_rule(jobs, "rv_measure")
    assert len(velocities) == 2 and {job["CPUs/Task"] for job in velocities} == {"2"}
    assert differing(copy, local, "catalogs/recommended.*", "spectra/*.h5", "predictions/*/*", "rv/*.parquet") == []


def test_trainings_ask_for_a_gpu_and_give_the_same_weights(slurm, snakemake, local, copy):
    known = {job["JobId"] for job in slurm.jobs()}
    shutil.rmtree(copy / FOLD)
    snakemake.run(copy, FOLD / "model.json", CLASSIFIER / "model.json", *OVERLAY)
    jobs = new_jobs(slurm, known)
    trainings = of_rule(jobs, "train_wildcards") + of_rule(jobs, "train_fold")
    assert [(job["TresPerJob"], job["Partition"]) for job in trainings] == [("gres:gpu:1", "gpu")] * 2
    assert all("TresPerJob" not in job for job in jobs if job not in trainings)
    assert same(copy, local, FOLD / "weights.safetensors") and (copy / CLASSIFIER / "weights.safetensors").is_file()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_is_resumed(slurm, snakemake, local, copy, sig):
    wanted = stores(copy)
    forget(copy, "spectra")
    known = {job["JobId"] for job in slurm.jobs()}
    running = snakemake.start(copy, *wanted, *OVERLAY)
    wait_for(lambda: new_jobs(slurm, known), "job in Slurm", 300)
    running.send_signal(sig)
    running.wait(timeout=300)
    wait_for(lambda: not [job for job in slurm.jobs() if job["JobState"] in BUSY], "end of the jobs", 300)
    if sig == signal.SIGKILL:  # its lock is left, as a second run in the folder would find it
        again = ["--forcerun", "ingest_batch"]
        assert "--unlock" in snakemake.run(copy, *wanted, *again, *OVERLAY, slurm=False, code=1)
    snakemake.run(copy, "--unlock", *OVERLAY)
    snakemake.run(copy, *wanted, *OVERLAY)
    assert differing(copy, local, "spectra/*.h5") == []


def test_the_controller_is_killed_and_a_job_cancelled(slurm, snakemake, local, copy):
    wanted = stores(copy)
    forget(copy, "spectra")
    known = {job["JobId"] for job in slurm.jobs()}
    running = snakemake.start(copy, *wanted, *OVERLAY)
    sent = wait_for(lambda: len(jobs := new_jobs(slurm, known)) == len(wanted) and jobs, "jobs in Slurm", 300)
    cancelled = sent[0]["JobId"]
    slurm.ask("scancel", cancelled)
    slurm.wait_saved()  # what the controller had not written yet it forgets, and a forgotten job is waited for in vain
    slurm.stop("slurmctld", signal.SIGKILL)
    slurm.start("slurmctld")
    assert running.wait(timeout=1500) == 0, (copy / "snakemake.out").read_text()[-4000:]
    states = {job["JobId"]: job["JobState"] for job in new_jobs(slurm, known)}
    assert states[cancelled] == "CANCELLED" and list(states.values()).count("COMPLETED") == len(wanted)
    assert differing(copy, local, "spectra/*.h5") == []


def test_a_disk_that_fills_up_is_named_and_leaves_nothing_half_written(snakemake, local, copy):
    wanted = stores(copy)
    forget(copy, "spectra")
    small = copy / R / "spectra"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small], check=False).returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        said = snakemake.run(copy, *wanted, *OVERLAY, slurm=False, code=1)
        assert f"writing to {R}/spectra: No space left on device; free some space" in said
        assert [path.name for path in small.iterdir()] == []
    finally:
        subprocess.run(["umount", small], check=True)
    snakemake.run(copy, *wanted, *OVERLAY, slurm=False)
    assert differing(copy, local, "spectra/*.h5") == []


def test_a_damaged_store_is_named_and_remade(snakemake, local, copy):
    store = next(copy.glob(f"{R}/spectra/*.h5"))
    content = bytearray(store.read_bytes())
    content[len(content) // 2] ^= 1  # one bit within the fluxes
    store.write_bytes(content)
    table = next(path for path in copy.glob(f"{R}/predictions/spt/{store.stem}.parquet")).relative_to(copy)
    said = snakemake.run(copy, table, *OVERLAY, *GIVEN, slurm=False, code=1)
    assert f"{store.name}: damaged" in said and "set aside" in said
    assert store.with_name(store.name + ".damaged").exists() and not store.exists()
    snakemake.run(copy, table, *OVERLAY, *GIVEN, slurm=False)
    assert differing(copy, local, "spectra/*.h5", "predictions/spt/*") == []


def test_a_plate_whose_every_file_is_bad_costs_its_own_rows_alone(snakemake, local, copy):
    from mstars.store import read_table

    plan = read_table(copy / R / "plan" / "plan.parquet")
    bad = plan[plan["batch"] == sorted(plan["batch"])[0]]
    for number, path in enumerate(bad["path"]):
        content = (copy / path).read_bytes()
        (copy / path).write_bytes((b"", content[:1000], gzip.compress(b"no FITS"), os.urandom(100))[number % 4])
    (copy / R / "spectra" / f"{bad['batch'].iloc[0]}.h5").unlink()
    forget(copy, "ingest", "catalogs")
    snakemake.run(copy, R / "catalogs" / "recommended.parquet", *OVERLAY, *GIVEN, slurm=False)
    rejected = read_table(copy / R / "ingest" / "rejected.parquet")
    assert set(rejected["spectrum_key"]) == set(bad["spectrum_key"]) and (rejected["reason"].str.len() > 0).all()
    before, after = (
        read_table(of / R / "predictions" / "tlma" / f"{plan['batch'].iloc[-1]}.parquet") for of in (local, copy)
    )
    assert before["spectrum_key"].tolist() == after["spectrum_key"].tolist()
    found = read_table(copy / R / "catalogs" / "recommended.parquet", ["spectrum_key"])["spectrum_key"]
    assert len(found) and not set(found) & set(bad["spectrum_key"])
