"""The small survey through Slurm: what jobs ask for, the same bytes as on this machine, and faults.

The survey is made once on this machine, models trained. Two copies are then taken through Slurm with those models, side
by side, as tables made one after the other leave a core idle: one from the FITS files to the second catalogue, the
other from there on. Each fault leaves them to the next test, and in the end both must have the first survey's bytes.
What takes another way works on copies of its own, beside the tests before it.
MSTARS_SLURM_SURVEY names the folder of a survey finished here before, to go without the first run.
"""

import gzip
import os
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cluster import wait_for
from small_survey import CATALOG, FINISHED, OVERLAY, running

from mstars.files.json_files import read_json
from mstars.files.tables import read_table

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(1200)]
R = Path("results/ci")
GIVEN = ["--config", "models={path: given}"]
SMALL_CELLS = "crossmatch={cells: {order: 0, min_spectra: 1, max_spectra: 120}}"
BY_TIME = ["--rerun-triggers", "mtime"]  # what was made here before is not made again because models are now given
FIRST_HALF = [R / "catalogs" / "m_catalog_v2.parquet", R / "ingest" / "spectra.parquet"]
FOLD, CLASSIFIER = R / "models" / "tlma_dM" / "fold0", R / "models" / "spt9"
# made anew from the FITS files on: all but the simulation, the plan and the matches
FROM_FITS = ["spectra", "ingest", "predictions", "scm", "dgcm", "rv", "review", "parameters", "quality", "catalogs"]
# made anew from the second catalogue on
FROM_SECOND = ["rv", "review/rv", "predictions/tlma", "parameters", "quality", "catalogs/m_catalog_v3.parquet"]
BUSY = ("PENDING", "RUNNING", "COMPLETING")


@pytest.fixture(scope="module")
def local(request, snakemake):
    """The survey made on this machine, without Slurm, and its models as a folder `given`."""
    if FINISHED:
        return Path(FINISHED)
    place, process = request.getfixturevalue("local_run")
    snakemake.finish(process, place)
    shutil.copytree(place / R / "models", place / "given")
    return place


@pytest.fixture(scope="module")
def tried(local, tmp_path_factory):
    """The survey that goes through the faults: what comes after the FITS files is missing, models are given."""
    place = tmp_path_factory.mktemp("tried") / "copy"
    shutil.copytree(local, place, symlinks=True)
    for name in FROM_FITS:
        shutil.rmtree(place / R / name)
    return place


@pytest.fixture(scope="module")
def resumed(snakemake, tried):
    """The run that goes on with that survey after TERM, to the second catalogue."""
    with running(snakemake.start(tried, *FIRST_HALF, *OVERLAY, *GIVEN)) as process:
        yield process


@pytest.fixture(scope="module")
def second_half(slurm, snakemake, local, tmp_path_factory):
    """A copy that is to be made from the second catalogue on, and its run through Slurm, killed during predict_tlma."""
    place = copy_of(local, tmp_path_factory)
    for name in [*FROM_SECOND, *(path.relative_to(R) for path in CATALOG)]:
        remove(place / R / name)
    process = snakemake.start(place, *CATALOG, *BY_TIME, *OVERLAY, *GIVEN)
    with running(process), ThreadPoolExecutor(1) as beside:
        yield place, beside.submit(end_during, slurm, process, place, "predict_tlma", signal.SIGKILL)


@pytest.fixture(scope="module")
def bad_plate(snakemake, local, tmp_path_factory):
    """A copy in which every file of a plate is bad, and the local run that remakes what rests on it."""
    place = copy_of(local, tmp_path_factory)
    plan = read_table(place / R / "plan" / "plan.parquet")
    bad = plan[plan["batch"] == sorted(plan["batch"])[0]]
    for number, path in enumerate(bad["path"]):
        content = (place / path).read_bytes()
        (place / path).write_bytes((b"", content[:1000], gzip.compress(b"no FITS"), os.urandom(100))[number % 4])
    (place / R / "spectra" / f"{bad['batch'].iloc[0]}.h5").unlink()
    for name in ("ingest", "catalogs"):
        shutil.rmtree(place / R / name)
    catalog = R / "catalogs" / "recommended.parquet"
    with running(snakemake.start(place, catalog, *OVERLAY, *GIVEN, slurm=False, cores=1)) as process:
        yield place, process


@pytest.fixture(scope="module")
def trained_anew(snakemake, local, tmp_path_factory):
    """A copy without a fold and a classifier, and the run through Slurm that trains them."""
    place = copy_of(local, tmp_path_factory)
    shutil.rmtree(place / FOLD)
    with running(snakemake.start(place, FOLD / "model.json", CLASSIFIER / "model.json", *OVERLAY)) as process:
        yield place, process


def copy_of(local, tmp_path_factory):
    """A copy of the finished survey, times and Snakemake's memory included."""
    place = tmp_path_factory.mktemp("other") / "copy"
    shutil.copytree(local, place, symlinks=True)
    return place


def remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def differing(place, other, *patterns):
    """Names that two folders don't have in common, and files of one name with different bytes."""
    one, two = ({path.relative_to(of) for glob in patterns for path in of.glob(f"{R}/{glob}")} for of in (place, other))
    assert one
    return sorted(map(str, one ^ two)) + [str(name) for name in one & two if not same(place, other, name)]


def same(place, other, name):
    return (place / name).read_bytes() == (other / name).read_bytes()


def stores(place):
    """The stores that a survey has in the end, also where they are missing yet."""
    return sorted(R / "spectra" / f"{name}.h5" for name in read_json(place / R / "plan" / "batches.json"))


def jobs_of(slurm, place, rule=""):
    """Jobs that Slurm was sent from a folder, those of a rule or of all whose names begin so."""
    jobs = [job for job in slurm.jobs() if job["WorkDir"] == str(place)]
    return [job for job in jobs if job["Comment"].removeprefix("rule_").startswith(rule)]


def wait_for_jobs(slurm, running, place, rule, states, number=1):
    """Wait until Slurm has so many jobs of a rule in one of the states; the run must not end before."""

    def found():
        assert running.poll() is None, (place / "snakemake.out").read_text()[-4000:]
        jobs = [job for job in jobs_of(slurm, place, rule) if job["JobState"] in states]
        return jobs if len(jobs) >= number else None

    return wait_for(found, f"job of {rule} in Slurm", 1500)


def end_during(slurm, running, place, rule, sig):
    """Send the run a signal while a job of the rule runs, and wait for its end."""
    wait_for_jobs(slurm, running, place, rule, {"RUNNING"})
    running.send_signal(sig)
    running.wait(timeout=300)


def wait_for_end(slurm, place):
    wait_for(lambda: not [job for job in jobs_of(slurm, place) if job["JobState"] in BUSY], "end of the jobs", 300)


def test_a_disk_that_fills_up_is_named_and_leaves_nothing_half_written(snakemake, tried, bad_plate):
    small = tried / R / "spectra"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small], check=False).returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        said = snakemake.run(tried, *stores(tried), *OVERLAY, *GIVEN, slurm=False, code=1)
        assert f"writing to {R}/spectra: No space left on device; free some space" in said
        assert [path.name for path in small.iterdir()] == []
    finally:
        subprocess.run(["umount", small], check=True)
        small.rmdir()


def test_the_controller_is_killed_and_a_job_cancelled(slurm, snakemake, local, tried):
    wanted = stores(tried)
    running = snakemake.start(tried, *wanted, *OVERLAY, *GIVEN)
    sent = wait_for_jobs(slurm, running, tried, "ingest_batch", BUSY, len(wanted))
    cancelled = sent[0]["JobId"]
    slurm.ask("scancel", cancelled)
    slurm.wait_saved()  # what the controller had not written yet it forgets, and a forgotten job is waited for in vain
    slurm.stop("slurmctld", signal.SIGKILL)
    slurm.start("slurmctld")
    assert running.wait(timeout=1500) == 0, (tried / "snakemake.out").read_text()[-4000:]
    states = {job["JobId"]: job["JobState"] for job in jobs_of(slurm, tried, "ingest_batch")}
    assert states[cancelled] == "CANCELLED" and list(states.values()).count("COMPLETED") == len(wanted)
    assert differing(tried, local, "spectra/*.h5") == []


def test_a_damaged_store_is_named_and_remade(snakemake, local, tried, second_half, trained_anew):
    store = tried / stores(tried)[0]
    content = bytearray(store.read_bytes())
    content[len(content) // 2] ^= 1  # one bit within the fluxes
    store.write_bytes(content)
    table = R / "predictions" / "spt" / f"{store.stem}.parquet"
    said = snakemake.run(tried, table, *OVERLAY, *GIVEN, slurm=False, code=1)
    assert f"{store.name}: damaged" in said and "set aside" in said
    assert store.with_name(store.name + ".damaged").exists() and not store.exists()
    snakemake.run(tried, table, *OVERLAY, *GIVEN, slurm=False)
    assert differing(tried, local, "spectra/*.h5") == [] and same(tried, local, table)


def test_a_run_ended_with_term_can_go_on(slurm, snakemake, tried):
    running = snakemake.start(tried, *FIRST_HALF, *OVERLAY, *GIVEN)
    end_during(slurm, running, tried, "predict_wildcards", signal.SIGTERM)
    wait_for_end(slurm, tried)


def test_a_killed_run_leaves_its_lock_and_can_go_on(slurm, snakemake, resumed, second_half):
    place, killed = second_half
    killed.result(timeout=1500)
    # as a second run in the folder would find it; the killed one's jobs go on meanwhile
    assert "--unlock" in snakemake.run(place, *CATALOG, *OVERLAY, *GIVEN, slurm=False, code=1)
    wait_for_end(slurm, place)
    snakemake.run(place, "--unlock", *OVERLAY, *GIVEN)
    snakemake.run(place, *CATALOG, *BY_TIME, *OVERLAY, *GIVEN)


def test_after_all_that_the_catalogue_has_the_same_bytes(slurm, snakemake, local, tried, resumed, second_half):
    place, _ = second_half
    snakemake.finish(resumed, tried)
    predicted = [f"predictions/{task}/*" for task in ("spt", "wdm", "dmgm", "ood")]
    assert differing(tried, local, "spectra/*.h5", "ingest/*.parquet", *predicted, "catalogs/*_v[12].parquet") == []
    assert differing(place, local, "rv/**/*.parquet", "predictions/tlma/*", "parameters/*", "catalogs/*") == []
    jobs = [*jobs_of(slurm, tried), *jobs_of(slurm, place)]
    assert all("TresPerJob" not in job and job["Partition"] == "cpu" for job in jobs)
    sizes = {name: facts["n_spectra"] for name, facts in read_json(tried / R / "plan" / "batches.json").items()}
    for job in jobs_of(slurm, tried, "ingest_batch"):  # as the rule says, by the spectra of its plates and the attempt
        least = 1000 + sizes[job["Comment"].rpartition("wildcards_")[2]] * 200 // 1000
        assert job["MinMemoryNode"] in {f"{least}M", f"{2 * least}M"}
    velocities = jobs_of(slurm, place, "rv_measure")
    assert len(velocities) >= 2 and {job["CPUs/Task"] for job in velocities} == {"1"}
    sent = {job["Comment"].removeprefix("rule_").partition("_wildcards")[0] for job in jobs}
    assert {"ingest_batch", "ingest_summary", "predict", "scm_apply", "dgcm_apply", "rv_apply", "recommended"} <= sent


def test_cells_of_the_sky_are_matched_side_by_side(slurm, snakemake, local, tmp_path_factory):
    place = copy_of(local, tmp_path_factory)
    shutil.rmtree(place / R / "crossmatch")
    tables = [R / "crossmatch" / f"{name}.parquet" for name in ("gaia", "allwise", "apogee")]
    with running(snakemake.start(place, *tables, *OVERLAY, *GIVEN, SMALL_CELLS)) as process:

        def queued():
            assert process.poll() is None, (place / "snakemake.out").read_text()[-4000:]
            said = slurm.ask("squeue", "-h", "-t", "PENDING,RUNNING", "-o", "%k %Z").splitlines()
            jobs = {line.split()[0] for line in said if line.endswith(str(place))}
            cells = {comment for comment in jobs if comment.startswith("rule_crossmatch_gaia_cell_wildcards_")}
            return cells if len(cells) >= 2 else None

        wait_for(queued, "jobs of several cells in squeue", 600)
        snakemake.finish(process, place)
    assert len(read_json(place / R / "plan" / "cells.json")) >= 3
    assert [str(path) for path in tables if not same(place, local, path)] == []


def test_trainings_ask_for_a_gpu_and_give_the_same_weights(slurm, snakemake, local, trained_anew):
    place, process = trained_anew
    snakemake.finish(process, place)
    trainings = jobs_of(slurm, place, "train_wildcards") + jobs_of(slurm, place, "train_fold")
    assert [(job["TresPerJob"], job["Partition"]) for job in trainings] == [("gres:gpu:1", "gpu")] * 2
    assert all("TresPerJob" not in job for job in jobs_of(slurm, place) if job not in trainings)
    assert same(place, local, FOLD / "weights.safetensors") and (place / CLASSIFIER / "weights.safetensors").is_file()


def test_a_plate_whose_every_file_is_bad_costs_its_own_rows_alone(snakemake, local, bad_plate):
    place, process = bad_plate
    snakemake.finish(process, place)
    plan = read_table(place / R / "plan" / "plan.parquet")
    bad = plan[plan["batch"] == sorted(plan["batch"])[0]]
    rejected = read_table(place / R / "ingest" / "rejected.parquet")
    assert set(rejected["spectrum_key"]) == set(bad["spectrum_key"]) and (rejected["reason"].str.len() > 0).all()
    before, after = (
        read_table(of / R / "predictions" / "tlma" / f"{plan['batch'].iloc[-1]}.parquet") for of in (local, place)
    )
    assert before["spectrum_key"].tolist() == after["spectrum_key"].tolist()
    found = read_table(place / R / "catalogs" / "recommended.parquet", ["spectrum_key"])["spectrum_key"]
    assert len(found) and not set(found) & set(bad["spectrum_key"])
