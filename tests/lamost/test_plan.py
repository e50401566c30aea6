"""Plans of a release and of a folder: nothing lost, and the same each time."""

import gzip
import shutil
import tarfile

import lamost_files
import numpy as np
import pandas as pd
import pytest
from made_releases import catalog, write_catalog

from mstars.core.errors import InputError
from mstars.lamost.batches import assign_batches, describe_batches, make_plan
from mstars.lamost.ingest import ingest_batch
from mstars.lamost.plan import plan_files
from mstars.lamost.release import plan_release
from mstars.lamost.tree import files_digest, read_tree


def write_tree(root, table, folder="{obsdate}/{planid}"):
    """The files of a catalogue's rows, as they lie in a release."""
    for row in table.itertuples():
        identity = dict(lmjd=row.lmjd, planid=row.planid, spid=row.spid, fiberid=row.fiberid)
        place = root / folder.format(**row._asdict()) / f"{lamost_files.stem(**identity)}.fits.gz"
        lamost_files.write(place, OBSID=row.obsid, **{name.upper(): value for name, value in identity.items()})
    return root


@pytest.fixture
def release(tmp_path):
    table = catalog()
    return write_tree(tmp_path / "fits", table), write_catalog(table, tmp_path / "lamost_m.fits.gz")


@pytest.mark.parametrize("folder", ["{obsdate}/{planid}", "{planid}", ".", "20120313/{planid}"])
def test_a_release_finds_its_files(tmp_path, folder):
    table = catalog()
    root = write_tree(tmp_path / "fits", table, folder)
    plan = plan_release(root, write_catalog(table, tmp_path / "m.fits"))
    assert plan.rejected.empty
    assert len(plan.candidates) == 4
    assert all(path.startswith(str(root)) and path.endswith(".fits.gz") for path in plan.candidates["path"])


def test_files_named_by_obsid_are_found(tmp_path):
    table = catalog(1)
    identity = {name.upper(): table[name][0].item() for name in ("lmjd", "spid", "fiberid")}
    lamost_files.write(tmp_path / "fits/100.fits.gz", PLANID="P1", **identity)
    plan = plan_release(tmp_path / "fits", write_catalog(table, tmp_path / "m.csv"))
    assert list(plan.candidates["filename"]) == ["100.fits.gz"]


def pack(folder):
    """A folder as an uncompressed tar archive beside it."""
    with tarfile.open(f"{folder}.tar", "w") as tar:
        tar.add(folder, arcname=folder.name)
    shutil.rmtree(folder)


def test_plates_in_tar_archives_are_read_as_folders_are(release):
    root, path = release
    loose = plan_release(root, path)
    expected = ingest_batch(loose.rows())
    for folder in list((root / "2012-03-13").iterdir()):
        pack(folder)
    packed = plan_release(root, path)
    assert packed.rejected.empty and len(packed.candidates) == 4
    found = ingest_batch(packed.rows())
    np.testing.assert_array_equal(found[0].flux, expected[0].flux)
    pd.testing.assert_frame_equal(found[1], expected[1])
    assert len(plan_files(str(root)).candidates) == 4
    assert len(plan_files(str(root / "*" / "P1.tar")).candidates) == 2


def test_a_bad_archive_is_named(tmp_path):
    (tmp_path / "P1.tar").write_bytes(gzip.compress(b"no tar"))
    assert list(read_tree(str(tmp_path)).refused) == [str(tmp_path / "P1.tar")]
    with pytest.raises(InputError, match="P1.tar: not a readable tar archive"):
        plan_files(str(tmp_path))
    folder = tmp_path / "x" / "P2"
    lamost_files.write(folder / "a.fits.gz")
    pack(folder)
    rows = plan_files(str(tmp_path / "x")).rows()
    cut = tmp_path / "x" / "P2.tar"
    cut.write_bytes(cut.read_bytes()[:9000])
    assert ingest_batch(rows)[2]["reason"][0].startswith("not a readable tar archive")


def test_a_missing_file_and_an_empty_plate_are_rejected_rows(release):
    root, path = release
    for file in (root / "2012-03-13/P2").iterdir():
        file.unlink()
    next((root / "2012-03-13/P1").iterdir()).unlink()
    plan = plan_release(root, path)
    assert len(plan.candidates) == 1
    assert len(plan.rejected) == 3
    assert plan.rejected["reason"].str.startswith("no such file").all()
    assert set(plan.rejected["role"]) == {"candidate"} and set(plan.rejected["stage"]) == {"plan"}


def test_a_release_without_files_says_so(tmp_path):
    (tmp_path / "fits").mkdir()
    path = write_catalog(catalog(), tmp_path / "m.csv")
    with pytest.raises(InputError, match="no usable file of the 4 rows of .*: no such file"):
        plan_release(tmp_path / "fits", path)
    with pytest.raises(InputError, match="no such folder"):
        plan_release(tmp_path / "nowhere", path)
    with pytest.raises(InputError, match="release.m_catalog: not set"):
        plan_release(tmp_path / "fits", None)


def test_a_row_twice_is_rejected_and_a_shared_obsid_is_told(tmp_path):
    table = catalog(obsid=[100, 100, 102, 103])
    table = pd.concat([table, table.iloc[3:]], ignore_index=True)
    root = write_tree(tmp_path / "fits", table)
    plan = plan_release(root, write_catalog(table, tmp_path / "m.csv"))
    assert len(plan.candidates) == 4
    assert list(plan.rejected["reason"]) == ["same spectrum twice in the M catalogue"]
    assert any("obsid 100 belongs to 56000-P1-sp04-001 and 56000-P2-sp04-002" in note for note in plan.notes)


def test_training_spectra_come_from_the_other_catalogues(tmp_path):
    m = catalog(2)
    general = catalog(8, **{"class": ["STAR", "STAR", "GALAXY", "QSO", "STAR", "Unknown", "GALAXY", "GALAXY"]})
    general["subclass"] = ["dM3", "B6", "Non", "Non", "G2", "Non", "Non", "Non"]
    general["fiberid"] = [1, *range(102, 109)]
    general.loc[6, [f"snr{band}" for band in "ugriz"]] = [-9999, 4.9, 1, 2, 3]
    afgk = catalog(5, fiberid=np.arange(201, 206), subclass=["A5V", "F0", "G9", "K3", "M1"])
    wd = catalog(2, fiberid=[1, 302], subclass="WD")
    root = write_tree(tmp_path / "fits", pd.concat([m, general, afgk, wd], ignore_index=True))
    paths = [
        write_catalog(table, tmp_path / f"{name}.fits")
        for name, table in (("m", m), ("general", general), ("afgk", afgk), ("wd", wd))
    ]
    options = dict(general_catalog=paths[1], afgk_catalog=paths[2], wd_catalog=paths[3], seed=1)
    plan = plan_release(root, paths[0], **options)
    assert plan.training["label"].value_counts().to_dict() == dict.fromkeys(
        ["OB", "GALAXY", "QSO", "A", "F", "G", "K", "WD"], 1
    ) | {"GALAXY": 2}
    assert not set(plan.training["spectrum_key"]) & set(plan.candidates["spectrum_key"])
    assert list(plan.rejected["reason"]) == ["also in the M catalogue: a candidate, not training"]
    assert any("general catalogue: 1 spectra have S/N_max below 5" in note for note in plan.notes)
    drawn = [plan_release(root, paths[0], per_class=1, **options).training for _ in range(2)]
    pd.testing.assert_frame_equal(*drawn)
    assert (drawn[0]["label"].value_counts() == 1).all()


def test_training_spectra_are_drawn_once_contradictions_have_left(tmp_path):
    m, afgk = catalog(1), catalog(6, fiberid=np.arange(201, 207), subclass="G2")
    wd = afgk.iloc[5:].assign(subclass="WD")  # one spectrum with two labels
    root = write_tree(tmp_path / "fits", pd.concat([m, afgk], ignore_index=True))
    paths = [write_catalog(of, tmp_path / f"{name}.fits") for name, of in (("m", m), ("afgk", afgk), ("wd", wd))]
    options = {"afgk_catalog": paths[1], "wd_catalog": paths[2], "per_class": 2}

    def says_no(rows):
        return (rows["fiberid"] <= 203).to_numpy()

    for seed in range(4):
        plan = plan_release(root, paths[0], seed=seed, contradicted={"golden.csv": says_no}, **options)
        assert sorted(plan.training["fiberid"]) == [204, 205]
        assert "afgk catalogue: 3 spectra are contradicted by golden.csv, not used for training" in plan.notes
        assert list(plan.rejected["reason"]) == ["labels of two catalogues differ"] * 2
    drawn = {tuple(plan_release(root, paths[0], seed=seed, **options).training["fiberid"]) for seed in range(4)}
    assert any(min(fibres) <= 203 for fibres in drawn)


def test_a_folder_of_nothing_usable_is_an_error(tmp_path):
    (tmp_path / "a.fits").write_text("<html>")
    lamost_files.write(tmp_path / "b.fits", compress=False, PLANID=None)
    with pytest.raises(InputError, match="none of 2 files is usable; a.fits: not a FITS file; b.fits: no identity"):
        plan_files(str(tmp_path))


@pytest.mark.real
def test_other_surveys_spectra_are_refused_by_name(real):
    with pytest.raises(InputError, match="none of 15 files is usable; .*no spectrum"):
        plan_files(str(real / "sdss_spectra"))


def test_a_folder_is_planned_from_its_headers(tmp_path):
    lamost_files.write(tmp_path / "a/spec-1.fits.gz", "coadd", FIBERID=1)
    lamost_files.write(tmp_path / "b/123.fits", "image", FIBERID=2, compress=False)
    (tmp_path / "c.fits.gz").write_text("not a FITS file")
    (tmp_path / "readme.txt").write_text("not a spectrum")
    plan = plan_files(str(tmp_path))
    assert list(plan.candidates["filename"]) == ["spec-1.fits.gz", "123.fits"]
    assert list(plan.candidates["lamost_class"]) == ["dM", ""]
    assert set(plan.candidates["obsdate"]) == {"2012-03-13"}
    assert list(plan.rejected["reason"]) == ["not a FITS file"]
    assert plan.training.empty and "label" in plan.training
    assert len(read_tree(str(tmp_path / "*" / "*.fits")).files) == 1


def test_of_one_spectrum_twice_the_newest_pipeline_stays(tmp_path):
    lamost_files.write(tmp_path / "a.fits.gz", "image", VERSPIPE="v2.9.7")
    lamost_files.write(tmp_path / "b.fits.gz", "coadd", VERSPIPE="v2.10.0")
    lamost_files.write(tmp_path / "c.fits.gz", "coadd", VERSPIPE="v2.9.8")
    plan = plan_files(str(tmp_path))
    assert list(plan.candidates["filename"]) == ["b.fits.gz"]
    assert list(plan.rejected["filename"]) == ["a.fits.gz", "c.fits.gz"]
    assert plan.rejected["reason"].str.startswith("same spectrum twice: b.fits.gz (v2.10.0) is used").all()
    assert (plan.rejected["spectrum_key"] == plan.candidates["spectrum_key"][0]).all()


def test_two_stars_with_one_obsid_are_both_kept(tmp_path):
    lamost_files.write(tmp_path / "a.fits.gz", OBSID=7, FIBERID=1)
    lamost_files.write(tmp_path / "b.fits.gz", OBSID=7, FIBERID=2)
    plan = plan_files(str(tmp_path))
    assert len(plan.candidates) == 2
    assert any(note.startswith("obsid 7 belongs to") for note in plan.notes)


def test_coordinates_out_of_range_in_a_file_are_rejected(tmp_path):
    lamost_files.write(tmp_path / "a.fits.gz", FIBERID=1, RA=400.0, RA_OBS=None)
    lamost_files.write(tmp_path / "b.fits.gz", FIBERID=2, DEC=None, DEC_OBS=None)
    lamost_files.write(tmp_path / "c.fits.gz", FIBERID=3)
    plan = plan_files(str(tmp_path))
    assert len(plan.candidates) == 1
    assert sorted(plan.rejected["reason"]) == ["coordinates out of range: ra 400, dec 27.028", "no coordinates"]


@pytest.mark.parametrize("pattern", [None, "", "nowhere", "*.fits"])
def test_no_files_is_an_error(tmp_path, pattern):
    given = pattern and str(tmp_path / pattern)
    with pytest.raises(InputError, match=r"files\.spectra"):
        read_tree(given)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no .fits or .fits.gz file in this folder"):
        plan_files(str(tmp_path / "empty"))


def grouped(release, plates, least):
    plan = plan_release(*release)
    assign_batches(plan, plates, least)
    return plan


def test_a_plan_of_either_source_has_its_batches(release):
    options = {"plates_per_batch": 1, "min_spectra": 1, "n_per_class": 5, "snr_min": 5}
    paths = dict(zip(("spectra", "m_catalog"), map(str, release), strict=True))
    plan = make_plan({"release": paths}, options, 1)
    pd.testing.assert_frame_equal(plan.rows(), grouped(release, 1, 1).rows())
    files = make_plan({"files": f"{release[0]}/**/*.fits.gz", "digest": "any"}, options, 1)
    assert list(files.rows()["batch"]) == list(plan.rows()["batch"])


def test_batches_are_plates_or_groups_of_plates(release):
    assert list(grouped(release, 1, 1).rows()["batch"].unique()) == ["56000-P1", "56000-P2"]
    assert list(grouped(release, 2, 1).rows()["batch"].unique()) == ["56000-P1"]
    assert list(grouped(release, 1, 3).rows()["batch"].unique()) == ["56000-P1"]
    rows = grouped(release, 1, 1).rows()
    assert rows["spectrum_key"].is_unique and list(rows["batch"]) == sorted(rows["batch"])


def test_later_plates_leave_earlier_batches_alone(tmp_path):
    table = catalog()
    root = write_tree(tmp_path / "fits", table)
    before = grouped((root, write_catalog(table, tmp_path / "m.csv")), 1, 1)
    later = pd.concat([table, catalog(2, lmjd=56001, obsdate="2012-03-14", obsid=[200, 201])], ignore_index=True)
    write_tree(root, later.iloc[4:])
    after = grouped((root, write_catalog(later, tmp_path / "n.csv")), 1, 1)
    old, new = describe_batches(before.rows()), describe_batches(after.rows())
    assert len(new) == 4
    assert {name: new[name] for name in old} == old


def test_a_replaced_file_changes_its_batch_alone(release):
    before = describe_batches(grouped(release, 1, 1).rows())
    path = sorted(release[0].glob("**/*.fits.gz"))[0]
    path.write_bytes(path.read_bytes() + b"x")
    after = describe_batches(grouped(release, 1, 1).rows())
    assert before["56000-P1"] != after["56000-P1"]
    assert before["56000-P2"] == after["56000-P2"]


def test_a_new_file_changes_the_digest_of_a_folder(tmp_path):
    lamost_files.write(tmp_path / "a.fits.gz")
    before = files_digest(str(tmp_path))
    assert files_digest(str(tmp_path)) == before
    lamost_files.write(tmp_path / "b.fits.gz")
    assert files_digest(str(tmp_path)) != before


def test_plans_are_the_same_every_time(release):
    tables = [grouped(release, 1, 1) for _ in range(2)]
    for name in ("candidates", "training", "rejected"):
        pd.testing.assert_frame_equal(*(getattr(plan, name) for plan in tables))
