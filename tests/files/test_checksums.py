"""What jobs wrote is compared with what was recorded."""

import subprocess

import pytest

from mstars.core.errors import DamagedFile
from mstars.files.checksums import check, forget, place_of, record

OUTPUT = "results/demo/plan/batches.json"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / OUTPUT
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    return tmp_path


def test_only_what_is_in_a_survey_s_folder_has_a_record(place):
    assert place_of(OUTPUT).record == place_of(place / OUTPUT).record.relative_to(".")
    assert str(place_of(OUTPUT).record) == "results/demo/checksums/plan/batches.json.sha256"
    for path in ("a.json", "results/a.json", "../results/demo/a.json", "/a", "results/demo/checksums/a.sha256"):
        assert place_of(path) is None


def test_the_record_is_of_the_form_that_sha256sum_reads(place):
    record(OUTPUT)
    command = ["sha256sum", "--check", "checksums/plan/batches.json.sha256"]
    done = subprocess.run(command, cwd=place / "results/demo", capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "plan/batches.json: OK\n"


@pytest.mark.parametrize("content", ["{ }", "", "[]"])
def test_any_change_is_damage(place, content):
    record(OUTPUT)
    check([OUTPUT, "results/demo/not_there.json", "elsewhere"])
    (place / OUTPUT).write_text(content)
    with pytest.raises(DamagedFile, match="batches.json: damaged .*not what the job wrote"):
        check([OUTPUT])
    record(OUTPUT)  # the job ran again
    check([OUTPUT])


def test_an_output_that_is_made_anew_has_no_record_meanwhile(place):
    record(OUTPUT)
    (place / OUTPUT).write_text("half")
    forget([OUTPUT, "elsewhere"])
    check([OUTPUT])


def test_a_file_of_a_folder_is_damage_of_the_folder(place):
    folder = place / "results/demo/review/scm/pictures"
    (folder / "b").mkdir(parents=True)
    for name in ("a.png", "b/c.png"):
        (folder / name).write_text(name)
    record(folder)
    check([folder, folder / "a.png"])
    (folder / "b/c.png").write_text("other")
    check([folder / "a.png"])
    for path in (folder, folder / "b/c.png"):
        with pytest.raises(DamagedFile, match="b/c.png: damaged") as caught:
            check([path])
        assert str(caught.value.output) == "results/demo/review/scm/pictures"


def test_what_no_rule_names_belongs_to_the_output_it_was_made_with(place):
    fits = place / "results/demo/sim/fits/a.fits"
    fits.parent.mkdir(parents=True)
    fits.write_text("x")
    record(OUTPUT, also=[fits.parent])
    lines = (place / "results/demo/checksums/plan/batches.json.sha256").read_text().splitlines()
    assert [line.split("  ")[1] for line in lines] == ["plan/batches.json", "sim/fits/a.fits"]


def test_a_damaged_record_is_named(place):
    record(OUTPUT)
    path = place / "results/demo/checksums/plan/batches.json.sha256"
    path.write_bytes(b"\xff" + path.read_bytes()[1:])
    with pytest.raises(DamagedFile, match="batches.json.sha256: damaged .*not a line of checksums"):
        check([OUTPUT])
