"""Decisions in the DAG: a new file reruns the queue it belongs to, and nothing else."""

import shutil

import numpy as np
import pandas as pd
import pytest
from places import ROOT
from workdir import outcome

from mstars.files.json_files import write_json
from mstars.files.stores import write_batch
from mstars.files.tables import read_table, write_table
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import N_PIXEL, lamost_wavelength

pytestmark = pytest.mark.workflow

KEYS = ["1-a-sp01-001", "1-a-sp01-002"]
TARGETS = [f"results/demo/review/{queue}/decisions.parquet" for queue in ("scm", "rv")]


@pytest.fixture
def place(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    # only the rules under test, so that nothing upstream is remade
    (tmp_path / "src").symlink_to(ROOT / "src")
    rules = "".join(f'include: "{ROOT}/workflow/rules/{name}.smk"\n' for name in ("common", "review"))
    plan = 'checkpoint plan:\n    output:\n        batches="results/demo/plan/batches.json",\n'
    (tmp_path / "Snakefile").write_text('configfile: "config/config.yaml"\n' + rules + plan)
    keys = pd.DataFrame({"spectrum_key": KEYS})
    for name in ("plan/m_catalog_v0", "catalogs/m_catalog_v1", "catalogs/m_catalog_v2"):
        write_table(keys, tmp_path / f"results/demo/{name}.parquet")
    for queue, label in (("scm", "galaxy"), ("rv", "TM")):
        write_table(keys.assign(consensus_label=label), tmp_path / f"results/demo/{queue}/candidates.parquet")
    flux = np.random.default_rng(0).normal(10, 1, (2, N_PIXEL)).astype("f4")
    mask = np.zeros_like(flux, dtype=np.uint8)
    spectra = SpectrumSet(flux, np.ones_like(flux), mask, lamost_wavelength(), np.array(KEYS))
    write_batch(tmp_path / "results/demo/spectra/b.h5", spectra, keys, pd.DataFrame({"reason": []}))
    index = keys.assign(batch="b", row=[0, 1])
    write_json(["b"], tmp_path / "results/demo/plan/batches.json")
    write_table(index, tmp_path / "results/demo/ingest/spectra.parquet")
    for name in ("photometry", "gaia"):
        write_table(
            keys.assign(CMD_flag=0, bp_rp_0=1.0, M_G_0=9.0), tmp_path / f"results/demo/crossmatch/{name}.parquet"
        )
    return tmp_path


def snakemake(place, *arguments):
    return outcome(place, *TARGETS, *arguments, snakefile=place / "Snakefile")


def decide(place, queue, name, *rows):
    path = place / "review" / "demo" / queue / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["spectrum_key,label,reviewer,time", *rows]) + "\n")


def test_a_new_decision_file_reruns_its_queue_alone(place):
    code, said = snakemake(place)
    assert code == 0, said
    assert set(read_table(place / TARGETS[0])["review_status"]) == {"provisional"}
    code, said = snakemake(place, "-n")
    assert "Nothing to be done" in said
    decide(place, "scm", "ann.csv", f"{KEYS[0]},M,ann,2026-01-02T10:00:00Z")
    code, said = snakemake(place)
    assert code == 0, said
    assert said.count("decisions of queue scm") and "decisions of queue rv" not in said
    table = read_table(place / TARGETS[0])
    assert list(table["label"]) == ["M", "galaxy"] and list(table["review_status"]) == ["reviewed", "provisional"]


def test_a_bad_row_stops_with_one_line_and_leaves_no_table(place):
    decide(place, "scm", "ann.csv", f"{KEYS[0]},star,ann,2026-01-02T10:00:00Z")
    code, said = snakemake(place)
    assert code == 1 and "ann.csv: line 2: unknown label 'star'" in said and "Traceback" not in said
    assert not (place / TARGETS[0]).exists()


def test_required_names_the_queue_and_goes_on_after(place):
    config = place / "config" / "config.yaml"
    config.write_text(config.read_text().replace("mode: provisional", "mode: required"))
    code, said = snakemake(place)
    assert code == 1 and ": 2 of 2 candidates need a decision" in said  # of the queue that comes first
    # what is to be looked at is there before the run stops for decisions
    folders = list((place / "results/demo/review").glob("*/pictures"))
    assert folders and all(len(list(folder.glob("*.png"))) == 2 for folder in folders)
    for queue, label in (("scm", "M"), ("rv", "LAMOST")):
        decide(place, queue, "ann.csv", *(f"{key},{label},ann,2026-01-02T10:00:00Z" for key in KEYS))
    code, said = snakemake(place)
    assert code == 0, said
