"""The plan and the ingest as rules: only what changed is done again, errors are one line."""

import json
import shutil

import lamost_files
import pytest
from places import ROOT
from workdir import said_by

from mstars.files.tables import read_table

pytestmark = pytest.mark.workflow


@pytest.fixture
def place(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    for plate in "PQ":
        for fibre in (1, 2):
            lamost_files.write(tmp_path / f"fits/{plate}{fibre}.fits.gz", PLANID=plate, FIBERID=fibre)
    (tmp_path / "fits/bad.fits.gz").write_text("not a FITS file")
    return tmp_path


def snakemake(place, *, expect=0):
    survey = {"survey": {"name": "mine", "kind": "files"}, "files": {"spectra": f"{place}/fits"}}
    (place / "mine.yaml").write_text(json.dumps({**survey, "plan": {"min_spectra": 1}}))
    overlays = ("--configfile", place / "config/config.yaml", place / "mine.yaml")
    return said_by(place, "ingest", *overlays, expect=expect)


def test_a_folder_is_ingested_and_only_changes_are_redone(place):
    said = snakemake(place)
    results = place / "results/mine"
    assert len(read_table(results / "ingest/spectra.parquet")) == 4
    assert list(read_table(results / "ingest/rejected.parquet")["reason"]) == ["not a FITS file"]
    assert "rejected" in said and "not a FITS file" in said
    before = (results / "spectra/56000-P.h5").stat().st_mtime_ns
    assert "Nothing to be done" in snakemake(place)

    lamost_files.write(place / "fits/R1.fits.gz", PLANID="R", LMJD=56002)
    said = snakemake(place)
    assert "ingest 56002-R" in said and "ingest 56000-P" not in said
    assert len(read_table(results / "ingest/spectra.parquet")) == 5

    lamost_files.write(place / "fits/Q2.fits.gz", PLANID="Q", FIBERID=2, SUBCLASS="gM9")
    said = snakemake(place)
    assert "ingest 56000-Q" in said and "ingest 56000-P" not in said and "ingest 56002-R" not in said
    assert "gM9" in set(read_table(results / "ingest/spectra.parquet")["subclass"])
    assert (results / "spectra/56000-P.h5").stat().st_mtime_ns == before


def test_an_empty_folder_is_one_clear_line(place):
    shutil.rmtree(place / "fits")
    (place / "fits").mkdir()
    said = snakemake(place, expect=1)
    assert "no .fits or .fits.gz file in this folder" in said
    assert not (place / "results/mine/plan/plan.parquet").exists()
