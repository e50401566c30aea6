import os

import pytest

from mstars.core.errors import InputError
from mstars.review.decisions import read_decisions, resolve
from mstars_desk import journal as journal_module
from mstars_desk.journal import Journal, plain_comment, reviewer_name

HEADER = "spectrum_key,label,confidence,reviewer,time,comment\n"


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "rv")


def row(journal, key="k", label="TM", **more):
    return {"spectrum_key": key, "label": label, "reviewer": "ann", "time": journal.times(1)[0], **more}


def test_rows_are_the_decision_contract(journal):
    path = journal.path("ann")
    journal.append(path, [row(journal, comment='a "quoted", one'), row(journal, "k2", "LAMOST", confidence="0.5")])
    table = read_decisions("rv", [path])
    assert path.name == "ann.csv" and path.read_text().startswith(HEADER)
    assert list(table["comment"]) == ['a "quoted", one', ""] and table["confidence"].iloc[1] == 0.5


def test_times_rise_even_when_the_clock_does_not(journal):
    times = journal.times(500) + journal.times(500)
    assert len(set(times)) == 1000 and times == sorted(times)


def test_a_row_torn_by_a_kill_is_cut_off_and_the_rest_stays(journal):
    path = journal.path("ann")
    journal.append(path, [row(journal)])
    whole = path.read_bytes()
    path.write_bytes(whole + b"k2,LAM")
    again = Journal(path.parent)
    again.append(path, [row(again, "k3")])
    assert path.read_bytes().startswith(whole)
    assert list(read_decisions("rv", [path])["spectrum_key"]) == ["k", "k3"]


def test_a_hand_written_last_row_without_an_end_is_kept(journal):
    path = journal.path("ann")
    path.write_text(HEADER + "k,TM,,ann,2026-01-01T00:00:00Z,")
    journal.append(path, [row(journal, "k2")])
    assert list(read_decisions("rv", [path])["spectrum_key"]) == ["k", "k2"]


@pytest.mark.parametrize(
    "edit, kept",
    [
        (lambda text: text.rstrip("\n"), ["k", "k2", "k3"]),  # as editors write that end no line
        (lambda text: text.rstrip("\n").rpartition("\n")[0], ["k", "k3"]),
        (lambda text: "", ["k3"]),
        (lambda text: text + "k9,TM,,ann,2026-01-01T00:00:00Z,by hand", ["k", "k2", "k9", "k3"]),
        (lambda text: text + "\n\n", ["k", "k2", "k3"]),
    ],
)
def test_a_file_may_be_edited_by_hand_between_two_decisions(journal, edit, kept):
    path = journal.path("ann")
    journal.append(path, [row(journal), row(journal, "k2")])
    path.write_text(edit(path.read_text()))
    journal.append(path, [row(journal, "k3")])
    assert list(read_decisions("rv", [path])["spectrum_key"]) == kept


def test_a_file_may_be_removed_or_saved_with_other_separators_between_two_decisions(journal):
    path = journal.path("ann")
    journal.append(path, [row(journal)])
    path.unlink()
    journal.append(path, [row(journal, "k2")])
    assert list(read_decisions("rv", [path])["spectrum_key"]) == ["k2"]
    path.write_text(path.read_text().replace(",", ";"))
    other = journal.path("ann")
    journal.append(other, [row(journal, "k3")])
    assert other.name == "ann-desk.csv"
    assert sorted(read_decisions("rv", [path, other])["spectrum_key"]) == ["k2", "k3"]


def test_a_file_with_other_columns_is_left_alone(journal):
    hand = journal.folder / "ann.csv"
    hand.write_text("spectrum_key,label,reviewer,time\nk,TM,ann,2026-01-01T00:00:00Z\n")
    path = journal.path("ann")
    journal.append(path, [row(journal, "k2")])
    assert path.name == "ann-desk.csv"
    assert list(read_decisions("rv", [hand, path])["spectrum_key"]) == ["k2", "k"]


def test_a_full_disk_leaves_the_file_as_it_was(journal, monkeypatch):
    path = journal.path("ann")
    journal.append(path, [row(journal)])
    before = path.read_bytes()
    real = os.write
    monkeypatch.setattr(journal_module.os, "write", lambda handle, data: real(handle, data[:5]))
    with pytest.raises(OSError, match="disk full"):
        journal.append(path, [row(journal, "k2")])
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a:b", "x" * 41, "a\nb", "<b>"])
def test_names_that_are_no_names_are_refused(name):
    with pytest.raises(InputError, match="a name has letters"):
        reviewer_name(name)


def test_names_of_people_are_names(journal):
    assert [journal.path(name).name for name in ("李静", "Ann B.", "o-neil")] == [
        "李静.csv",
        "Ann_B_.csv",
        "o-neil.csv",
    ]


def test_comments_stay_on_one_line():
    assert plain_comment("a\r\nb\x00\tc" + "x" * 900).startswith("a b c") and len(plain_comment("x" * 900)) == 500


def test_a_comment_is_no_formula_for_a_spreadsheet():
    assert plain_comment('=HYPERLINK("http://x")').startswith("'=") and plain_comment("-5 or so") == "'-5 or so"
    assert plain_comment("-5") == "-5"


def test_a_decision_is_taken_back_by_a_row_without_label(journal):
    import pandas as pd

    path = journal.path("ann")
    journal.append(path, [row(journal), row(journal, label="")])
    candidates = pd.DataFrame({"spectrum_key": ["k"], "consensus_label": "LAMOST"})
    resolved = resolve("rv", candidates, read_decisions("rv", [path]), "provisional").iloc[0]
    assert (resolved["label"], resolved["review_status"], resolved["n_reviewers"]) == ("LAMOST", "provisional", 0)
