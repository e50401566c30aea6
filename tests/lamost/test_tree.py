"""Files of a folder: each real file once, in bounded time; what can't be looked at is told and counted."""

import gzip
import os
import shutil
import tarfile

import lamost_files
import pytest

from mstars.core.errors import InputError
from mstars.lamost import tree as module
from mstars.lamost.ingest import ingest_batch
from mstars.lamost.plan import plan_files
from mstars.lamost.reader import read_spectrum
from mstars.lamost.tree import files_digest, read_tree


@pytest.fixture
def folder(tmp_path):
    """A folder with one good spectrum."""
    lamost_files.write(tmp_path / "fits/P1/good.fits.gz", FIBERID=1)
    return tmp_path / "fits"


def names(pattern):
    return [os.path.basename(path) for path in read_tree(str(pattern)).files]


def test_a_folder_linked_to_itself_is_counted_once(folder):
    (folder / "again").symlink_to(folder)
    (folder / "P1/up").symlink_to("..")
    (folder / "P1/here").symlink_to(".")
    for pattern in (folder, folder / "**/*.fits.gz", f"{folder}/*/*.gz"):
        assert names(pattern) == ["good.fits.gz"]


def test_folders_that_link_each_other_take_no_time(folder):
    for number in range(12):
        (folder / f"d{number}").mkdir()
    for one in range(12):
        for other in range(12):
            (folder / f"d{one}/to{other}").symlink_to(f"../d{other}")
    lamost_files.write(folder / "d3/second.fits.gz", FIBERID=2)
    assert set(names(folder)) == {"good.fits.gz", "second.fits.gz"} and len(names(folder)) == 2
    assert len(names(folder / "**/*.fits.gz")) == 2
    assert files_digest(str(folder)) == files_digest(str(folder))


def test_a_link_is_followed_and_its_target_counted_once(folder, tmp_path):
    lamost_files.write(tmp_path / "elsewhere/far.fits.gz", FIBERID=2)
    lamost_files.write(tmp_path / "alone.fits.gz", FIBERID=3)
    (folder / "far").symlink_to(tmp_path / "elsewhere")
    (folder / "far2").symlink_to(tmp_path / "elsewhere")
    (folder / "a_link.fits.gz").symlink_to("P1/good.fits.gz")
    (folder / "b_link.fits.gz").symlink_to(tmp_path / "alone.fits.gz")
    (folder / "c_link.fits.gz").symlink_to(tmp_path / "alone.fits.gz")
    assert sorted(names(folder)) == ["b_link.fits.gz", "far.fits.gz", "good.fits.gz"]


def test_what_cannot_be_looked_at_is_a_rejected_row(folder):
    (folder / "gone.fits.gz").symlink_to("nowhere.fits.gz")
    (folder / "loop.fits").symlink_to("loop.fits")
    (folder / "a.zip").write_bytes(b"PK\x03\x04")
    (folder / "b.fits.Z").write_bytes(b"\x1f\x9d\x90")
    (folder / "c.fits.gz.part").write_bytes(b"")
    (folder / "D.TAR").write_bytes(b"no archive")
    (folder / "e.tar.gz").write_bytes(gzip.compress(b"no archive"))
    (folder / "sp\u00e9c.fits.gz").write_bytes(b"")
    with open(os.path.join(os.fsencode(folder), b"sp\xe9c.fits.gz"), "wb"):
        pass
    os.mkfifo(folder / "pipe.fits")
    (folder / "notes.txt").write_text("not a spectrum")
    plan = plan_files(str(folder))
    reason = dict(zip(plan.rejected["filename"], plan.rejected["reason"], strict=True))
    expected = {
        "gone.fits.gz": "dangling link to nowhere.fits.gz",
        "loop.fits": "dangling link",
        "a.zip": "a zip archive, which is not read; unpack it",
        "b.fits.Z": "compressed by compress",
        "c.fits.gz.part": "an unfinished download",
        "D.TAR": "not a readable tar archive",
        "e.tar.gz": "not a readable tar archive",
        "sp\u00e9c.fits.gz": "file name is not of printable ASCII",
        "sp\\xe9c.fits.gz": "file name is not of printable ASCII",
        "pipe.fits": "not a regular file",
    }
    assert set(reason) == set(expected)
    for name, start in expected.items():
        assert reason[name].startswith(start), (name, reason[name])
    assert list(plan.candidates["filename"]) == ["good.fits.gz"]
    assert any("1 files of other kinds are not looked at: 1 .txt" in note for note in plan.notes)


def test_a_folder_without_permission_is_a_rejected_row(folder, monkeypatch):
    lamost_files.write(folder / "locked/other.fits.gz", FIBERID=2)
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(module.os, "scandir", refuse)
    plan = plan_files(str(folder))
    assert list(plan.rejected["reason"]) == ["folder can't be read: Permission denied"]
    assert len(plan.candidates) == 1


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tgz", "tar.bz2", "tar.xz", "TAR", "Tar.GZ"])
def test_archives_of_every_ending_are_read(folder, ending):
    lamost_files.write(folder / "P1/second.fits", FIBERID=2, compress=False)
    loose = ingest_batch(plan_files(str(folder)).rows())
    mode = {"gz": "w:gz", "bz2": "w:bz2", "xz": "w:xz"}.get(ending.lower().replace("tgz", "gz").split(".")[-1], "w")
    with tarfile.open(folder / f"P1.{ending}", mode) as tar:
        tar.add(folder / "P1", "P1")
    shutil.rmtree(folder / "P1")
    packed = ingest_batch(plan_files(str(folder)).rows())
    assert (packed[0].flux == loose[0].flux).all() and len(packed[0].flux) == 2
    assert packed[1].equals(loose[1])


def test_a_folder_may_be_called_as_an_archive_is(tmp_path):
    path = lamost_files.write(tmp_path / "plate.tar/a.fits.gz")
    assert read_spectrum(path).values["filename"] == "a.fits.gz"
    assert len(plan_files(str(tmp_path)).candidates) == 1
    with tarfile.open(tmp_path / "plate.tar/inner.tar", "w") as tar:
        tar.add(lamost_files.write(tmp_path / "b.fits.gz", FIBERID=9), "b.fits.gz")
    (tmp_path / "b.fits.gz").unlink()
    assert len(plan_files(str(tmp_path)).candidates) == 2


def test_a_bomb_in_an_archive_is_a_rejected_row(folder, monkeypatch):
    from mstars.lamost import archive

    monkeypatch.setattr(archive, "LARGEST_ARCHIVE", 2**20)
    with gzip.open(folder / "bomb.tar.gz", "wb") as file:
        file.write(bytes(2**21))
    rejected = plan_files(str(folder)).rejected
    assert list(rejected["filename"]) == ["bomb.tar.gz"]
    assert "unpacks to more than 1 MB" in rejected["reason"][0]


def test_the_digest_sees_new_replaced_and_removed_files(folder):
    seen = {files_digest(str(folder))}
    second = lamost_files.write(folder / "P2/second.fits.gz", FIBERID=2)
    seen.add(files_digest(str(folder)))
    os.utime(second, ns=(1, 1))
    seen.add(files_digest(str(folder)))
    second.write_bytes(second.read_bytes() + bytes(512))
    os.utime(second, ns=(1, 1))
    seen.add(files_digest(str(folder)))
    assert len(seen) == 4
    shutil.rmtree(folder / "P2")
    assert files_digest(str(folder)) in seen
    (folder / "readme.txt").write_text("no spectrum")
    assert files_digest(str(folder)) in seen


def test_hidden_folders_are_found_in_a_folder_and_not_by_a_pattern(folder):
    lamost_files.write(folder / ".hidden/b.fits.gz", FIBERID=2)
    assert len(names(folder)) == 2
    assert names(f"{folder}/**/*.fits.gz") == ["good.fits.gz"]
    assert names(f"{folder}/**") == ["good.fits.gz"]
    with pytest.raises(InputError, match="no file fits"):
        read_tree(f"{folder}/**/*.fz")
