"""A release's tree is watched: plates that arrive and files that are replaced are measured, all else is left alone."""

import json
import os

import lamost_files
import pytest
from made_releases import catalog, write_catalog
from workdir import said_by

from mstars.files.tables import read_table
from mstars.lamost.watch import release_digest

pytestmark = pytest.mark.workflow


def write_spectrum(root, row, **cards):
    """The file of a catalogue's row, where a release has it."""
    name = lamost_files.stem(row.lmjd, row.planid, row.spid, row.fiberid) + ".fits.gz"
    given = {"PLANID": row.planid, "FIBERID": row.fiberid, "OBSID": row.obsid, **cards}
    return lamost_files.write(root / row.obsdate / row.planid / name, **given)


def ingest(place, *, watch="files"):
    """Run `ingest`; what it said."""
    release = {"spectra": str(place / "fits {a}"), "m_catalog": str(place / "m.csv"), "watch": watch}
    given = {"survey": {"name": "rel", "kind": "release"}, "release": release, "plan": {"min_spectra": 1}}
    (place / "rel.yaml").write_text(json.dumps(given))
    return said_by(place, "ingest", "--configfile", place / "rel.yaml")


def test_plates_that_arrive_and_replaced_files_are_read_and_nothing_else(tmp_path):
    root, table = tmp_path / "fits {a}", catalog(planid=["P1", "P1", "P2", "P3"], obsid=[100, 101, 102, 103])
    write_catalog(table, tmp_path / "m.csv")
    rows = list(table.itertuples())
    write_spectrum(root, rows[0])
    cut = write_spectrum(root, rows[1])
    whole = cut.read_bytes()
    cut.write_bytes(whole[:2000])
    write_spectrum(root, rows[2])

    ingest(tmp_path)
    results = tmp_path / "results/rel"
    assert list(read_table(results / "ingest/spectra.parquet")["obsid"]) == [100, 102]
    reasons = set(read_table(results / "ingest/rejected.parquet")["reason"].str.slice(0, 12))
    assert reasons == {"no such file", "truncated or"}
    assert "Nothing to be done" in ingest(tmp_path)

    write_spectrum(root, rows[3])  # a plate that arrives after the first run
    said = ingest(tmp_path)
    assert "ingest 56000-P3" in said and "ingest 56000-P1" not in said and "ingest 56000-P2" not in said
    assert list(read_table(results / "ingest/spectra.parquet")["obsid"]) == [100, 102, 103]
    assert "Nothing to be done" in ingest(tmp_path)

    with open(cut, "r+b") as file:  # in place: the folder's time stays
        file.write(whole)
    said = ingest(tmp_path)
    assert "ingest 56000-P1" in said and "ingest 56000-P2" not in said and "ingest 56000-P3" not in said
    assert list(read_table(results / "ingest/spectra.parquet")["obsid"]) == [100, 101, 102, 103]
    assert read_table(results / "ingest/rejected.parquet").empty
    assert "Nothing to be done" in ingest(tmp_path)


def test_the_digest_looks_at_folders_archives_and_the_named_files(tmp_path):
    row = next(catalog().itertuples())
    path = write_spectrum(tmp_path / "fits", row)
    other = write_spectrum(tmp_path / "fits", row._replace(fiberid=99))
    folders = [path.parent, path.parent.parent, tmp_path / "fits"]

    def digest(*paths):
        for folder in folders:  # what is asked is whether files are looked at
            os.utime(folder, (1e9, 1e9))
        return release_digest(tmp_path / "fits", map(str, paths))

    named, unnamed = digest(path), digest()
    other.write_bytes(b"changed")
    assert digest(path) == named
    path.write_bytes(b"changed")
    assert digest(path) != named and digest() == unnamed
    (path.parent.parent / "P9.tar").write_bytes(b"")
    assert digest() != unnamed
    before = release_digest(tmp_path / "fits", [])
    (path.parent.parent / "P10").mkdir()
    assert release_digest(tmp_path / "fits", []) != before
    path.unlink()
    assert digest(path) != named
