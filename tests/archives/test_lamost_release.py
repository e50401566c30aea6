"""A release from LAMOST's archive: the same survey as from local files, whatever goes wrong on the way."""

import json
import os
import signal
import time

import pytest
from made_archives import BINARIES, PAIRS, TOKEN, holds, told

from mstars.archives.asked import vizier_file
from mstars.files.tables import read_table
from mstars.lamost.catalogs import read_catalog
from mstars.literature.groups import read_binaries

pytestmark = [pytest.mark.workflow, pytest.mark.archives]

TABLES = ["crossmatch/gaia.parquet", "crossmatch/allwise.parquet", "crossmatch/apogee.parquet"]
TABLES.append("crossmatch/photometry.parquet")  # by the dust map
TARGETS = [f"results/dr/{name}" for name in TABLES]


def test_a_release_from_the_archive_is_the_one_on_disk_and_the_token_is_nowhere(place, lamost, from_lamost, simulated):
    local, archived = place("local"), place("archived", **from_lamost)
    lamost.faults["*"] = ["busy", "drop", "error", "html", "drop"]
    local.run(*TARGETS)
    done = archived.run(*TARGETS)
    for name in TABLES:
        assert (archived.results / name).read_bytes() == (local.results / name).read_bytes(), name
    served = simulated / "dust" / "bayestar.h5"
    assert (archived.results / "archives/bayestar2019.h5").read_bytes() == served.read_bytes()
    fetched = {path.name: path for path in (archived.results / "archives/lamost/fits").rglob("*.gz")}
    plan = read_table(archived.results / "plan/plan.parquet")
    assert set(plan["filename"]) <= set(fetched)
    assert plan["spectrum_key"].tolist() == read_table(local.results / "plan/plan.parquet")["spectrum_key"].tolist()
    for path in (simulated / "fits").rglob("*.gz"):
        assert path.name not in fetched or fetched[path.name].read_bytes() == path.read_bytes()
    assert TOKEN not in told(done) and "kept%2Bsecret" not in told(done)
    assert holds(archived.path, TOKEN) == holds(archived.path, "kept%2Bsecret") == []
    manifest = json.loads((archived.results / "archives/lamost/spectra_0.json").read_text())
    assert {"path", "url", "date", "bytes", "sha256"} <= set(manifest["files"][0])
    assert "Nothing to be done" in told(archived.run(*TARGETS, "-n"))


def test_killed_in_the_middle_and_run_again_nothing_is_fetched_twice(place, lamost, from_lamost, spectra_by_obsid):
    archived = place("archived", **from_lamost)
    running = archived.start("acquire")
    while len(lamost.asked) < 120:
        assert running.poll() is None
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    part = {path.name for path in (archived.results / "archives/lamost/fits").rglob(".*.part")}
    whole = {path.name for path in (archived.results / "archives/lamost/fits").rglob("spec-*.gz")}
    assert 50 < len(whole) < len(spectra_by_obsid) - 50
    before = len(lamost.asked)
    archived.run("--unlock")
    archived.run("acquire")
    of = {f"/spectrum/fits/{obsid}": path.name for obsid, path in spectra_by_obsid.items()}
    again = {of[path] for path, _ in lamost.asked[before:] if path in of}
    assert not again & whole and part <= {f".{name}.part" for name in again}
    served = {path.name: path for path in spectra_by_obsid.values()}
    for path in (archived.results / "archives/lamost/fits").rglob("*.gz"):
        assert path.read_bytes() == served[path.name].read_bytes()
    assert not list(archived.results.rglob(".*.part*"))
    pairs = read_binaries(archived.results / f"archives/vizier/{vizier_file(BINARIES)}.tsv")
    assert pairs.to_numpy().tolist() == [[int(source) for source in PAIRS[2][:2]]]


def test_without_a_token_or_with_a_wrong_one_the_run_stops_with_one_line(place, lamost, from_lamost, monkeypatch):
    archived = place("archived", **from_lamost)
    monkeypatch.delenv("LAMOST_TOKEN")
    done = archived.run("acquire", check=False)
    assert done.returncode == 1 and "a token is needed; set the environment variable" in told(done)
    monkeypatch.setenv("LAMOST_TOKEN", "wrong-one")
    done = archived.run("acquire", check=False)
    assert done.returncode == 1 and "the token is refused" in told(done)
    assert "wrong-one" not in told(done) and holds(archived.path, "wrong-one") == []
    assert not list((archived.results / "archives/lamost").rglob("*.fits*")) and "Traceback" not in told(done)


def test_an_obsid_that_the_release_lacks_is_a_rejected_row(place, lamost, from_lamost):
    archived = place("archived", **from_lamost)
    lost = read_catalog(lamost.folder / "catalogs/lamost_m.fits.gz")[0].iloc[5]
    lamost.faults[f"/spectrum/fits/{lost['obsid']}"] = ["gone"]
    archived.run("results/dr/plan/plan.parquet")
    rejected = read_table(archived.results / "plan/rejected.parquet")
    reason = rejected.set_index("spectrum_key")["reason"]
    assert "no such file" in reason[lost["spectrum_key"]]
    absent = {}
    for path in (archived.results / "archives/lamost").glob("spectra_*.json"):
        absent |= json.loads(path.read_text())["absent"]
    assert "the archive does not have it" in absent[lost["spectrum_key"]]
