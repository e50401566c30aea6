"""Files are written whole or not at all."""

import os
import subprocess
import sys

import pytest

from mstars.files.whole import atomic_path, leftovers, remove_leftovers, temporary_beside


def test_a_failed_write_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def killed_while_writing(path):
    """A process that is killed (KILL) while it writes a file and a folder."""
    code = f"""
from mstars.files.whole import atomic_path, temporary_beside
from pathlib import Path
import sys
folder = temporary_beside({str(path)!r} + ".plate")
folder.mkdir(parents=True)
(folder / "a.fits").write_text("half")
with atomic_path({str(path)!r}) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    sys.stdin.read()
"""
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_what_a_killed_process_leaves_is_found_and_removed(tmp_path):
    path = tmp_path / "training" / "spt.npy"
    other = killed_while_writing(path)
    assert other.stdout.readline() == "writing\n"
    assert leftovers(tmp_path) == []  # it is still at work
    other.kill()
    other.communicate()
    found = leftovers(tmp_path)
    assert sorted(path.name.partition(".spt")[2] for path in found) == [".npy", ".npy.plate"]
    assert remove_leftovers([tmp_path]) == found and not list(path.parent.iterdir())


def test_files_that_are_no_temporary_ones_stay(tmp_path):
    names = [".hidden", "a.fits", ".1234567.npy", ".git", "12345678.npy", ".complete", ".nfs0000000012345678"]
    for name in names:
        (tmp_path / name).write_text("x")
    older = tmp_path / ".55804284.spt.npy"
    older.write_text("x")
    assert remove_leftovers([tmp_path, tmp_path / "nowhere"]) == [older]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_a_temporary_file_of_another_machine_is_left_alone_for_an_hour(tmp_path):
    path = tmp_path / ".0a1b2c3d@node-7@123.spt.npy"
    path.write_text("x")
    assert leftovers(tmp_path) == []
    os.utime(path, (1e9, 1e9))
    assert leftovers(tmp_path) == [path]


def test_a_temporary_name_keeps_the_suffixes(tmp_path):
    name = temporary_beside(tmp_path / "a.fits.gz").name
    assert name.startswith(".") and name.endswith(".a.fits.gz") and len(name) < 120
