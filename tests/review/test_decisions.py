import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.review.decisions import (
    DECISION_COLUMNS,
    check_decisions,
    decision_files,
    labels,
    read_decisions,
    resolution,
    resolve,
)

HEADER = ",".join(DECISION_COLUMNS)
KEYS = [f"55977-GAC-sp01-{fiber:03d}" for fiber in range(1, 7)]


@pytest.fixture
def candidates():
    return pd.DataFrame({"spectrum_key": KEYS[:4], "consensus_label": ["M", "galaxy", "M", "qso"]})


@pytest.fixture
def write(tmp_path):
    def write(name, *rows, header=HEADER):
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    return write


def row(key, label, reviewer="ann", time="2026-01-02T10:00:00Z", confidence="", comment=""):
    return ",".join([key, label, confidence, reviewer, time, comment])


def test_without_decisions_the_consensus_stands_and_says_so(candidates):
    resolved = resolve("scm", candidates, read_decisions("scm", []), "provisional")
    assert list(resolved["label"]) == ["M", "galaxy", "M", "qso"]
    assert set(resolved["review_status"]) == {"provisional"}
    assert list(resolved["n_reviewers"]) == [0] * 4 and not resolved["tie"].any()
    assert set(resolved["reviewer"]) == {""} and resolved["confidence"].isna().all()


def test_the_newest_row_of_a_reviewer_wins_across_files_and_zones(candidates, write):
    old = write("b.csv", row(KEYS[0], "F", time="2026-01-02T10:00:00+08:00", confidence="0.5"))  # 02:00 UTC
    new = write("a.csv", row(KEYS[0], "G", time="2026-01-02T03:00:00Z", confidence="0.75"))
    resolved = resolve("scm", candidates, read_decisions("scm", [old, new]), "provisional").iloc[0]
    assert (resolved["label"], resolved["review_status"], resolved["n_reviewers"]) == ("G", "reviewed", 1)
    assert resolved["confidence"] == 0.75


def test_the_majority_of_reviewers_wins(candidates, write):
    file = write("a.csv", *(row(KEYS[1], label, name) for name, label in (("ann", "M"), ("bo", "F"), ("cy", "M"))))
    resolved = resolve("scm", candidates, read_decisions("scm", [file]), "provisional").iloc[1]
    assert (resolved["label"], resolved["reviewer"], resolved["n_reviewers"]) == ("M", "ann;cy", 3)


def test_a_tie_is_reported_and_not_guessed(candidates, write):
    file = write("a.csv", row(KEYS[1], "M", "ann"), row(KEYS[1], "F", "bo", time="2027-01-01T00:00:00Z"))
    decisions = read_decisions("scm", [file])
    resolved = resolve("scm", candidates, decisions, "provisional").iloc[1]
    assert resolved["tie"] and resolved["label"] == "galaxy" and resolved["review_status"] == "provisional"
    assert resolved["n_reviewers"] == 2 and resolved["reviewer"] == "ann;bo"
    with pytest.raises(InputError, match="4 of 4 candidates need a decision, 1 of them because reviewers disagree"):
        resolve("scm", candidates, decisions, "required")


def test_required_stops_says_how_and_goes_on_after(candidates, write):
    file = write("a.csv", *(row(key, "M") for key in KEYS[:3]))
    with pytest.raises(InputError, match=r"queue scm: 1 of 4 .*review/demo/scm/YOURNAME.csv") as stopped:
        resolve("scm", candidates, read_decisions("scm", [file]), "required", survey="demo")
    assert KEYS[3] in str(stopped.value)
    more = write("b.csv", row(KEYS[3], "qso", "bo"))
    resolved = resolve("scm", candidates, read_decisions("scm", [file, more]), "required")
    assert set(resolved["review_status"]) == {"reviewed"}


def test_what_a_person_saw_stays_true_when_it_is_queued_no_more(candidates, write):
    decisions = read_decisions("scm", [write("a.csv", row(KEYS[4], "galaxy"), row(KEYS[5], "galaxy"))])
    resolved = resolve("scm", candidates, decisions, "provisional", catalog=KEYS[:5])
    assert list(resolved["spectrum_key"]) == KEYS[:5]
    assert list(resolved["queued"]) == [True] * 4 + [False]
    assert resolved.iloc[4]["label"] == "galaxy"
    assert len(resolve("scm", candidates, decisions, "provisional")) == 4


def test_a_tie_outside_the_queue_decides_nothing(candidates, write):
    decisions = read_decisions("scm", [write("a.csv", row(KEYS[4], "galaxy"), row(KEYS[4], "M", "bo"))])
    assert len(resolve("scm", candidates, decisions, "provisional", catalog=KEYS)) == 4


def test_an_empty_queue_is_resolved(candidates):
    for mode in ("provisional", "required"):
        assert len(resolve("rv", candidates.iloc[:0], read_decisions("rv", []), mode)) == 0


def test_rows_without_a_label_are_not_decided_yet(candidates, write):
    decisions = read_decisions("scm", [write("a.csv", row(KEYS[0], "", "", ""), row(KEYS[1], "M"))])
    assert list(decisions["spectrum_key"]) == [KEYS[1]] and list(decisions["line"]) == [3]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (row(KEYS[0], "Galaxy"), r"line 3: unknown label 'Galaxy'; the labels of queue scm are M, O, B"),
        (row(KEYS[0], "dM"), r"line 3: unknown label 'dM'"),
        (row(KEYS[0], "M", time="yesterday"), r"line 3: bad time 'yesterday'; expected ISO 8601"),
        (row(KEYS[0], "M", time=""), r"line 3: bad time ''"),
        (row(KEYS[0], "M", reviewer=""), r"line 3: no reviewer"),
        (row("", "M"), r"line 3: no spectrum_key"),
        (row(KEYS[0], "M", confidence="7"), r"line 3: bad confidence '7'; expected a number from 0 to 1"),
        (row(KEYS[3], "qso"), r"line 3: 'ann' has decided .*-004 twice at the same time \(.*line 2\)"),
    ],
)
def test_a_bad_row_is_named_with_file_and_line(write, line, message):
    file = write("mine.csv", row(KEYS[3], "M"), line)
    with pytest.raises(InputError, match="mine.csv: " + message):
        read_decisions("scm", [file])


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("spectrum_key,lable,reviewer,time", "missing column label; unknown column 'lable'; the columns are"),
        ("", "empty|missing column"),
        ("spectrum_key,label,label,reviewer,time", "column 'label' stands there twice; remove one"),
    ],
)
def test_a_bad_header_is_named(write, header, message):
    with pytest.raises(InputError, match=message):
        read_decisions("scm", [write("mine.csv", header=header)])


def test_not_a_table_is_an_error_that_names_the_file(tmp_path):
    empty, binary = tmp_path / "empty.csv", tmp_path / "binary.csv"
    empty.touch()
    binary.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe\x00")
    for path in (empty, binary, tmp_path / "none.csv"):
        with pytest.raises(InputError, match=path.name):
            read_decisions("scm", [path])


def test_an_unknown_key_is_named_with_file_and_line(write):
    decisions = read_decisions("rv", [write("mine.csv", row(KEYS[0], "TM"), row("1-x-sp01-001", "TM"))])
    check_decisions(decisions.iloc[:1], KEYS)
    with pytest.raises(InputError, match="mine.csv: line 3: unknown spectrum_key '1-x-sp01-001'"):
        check_decisions(decisions, KEYS)


def test_the_queues_have_the_papers_labels():
    assert labels("rv")[:4] == ("LAMOST", "TM", "DSAL_I", "DSAL_II") and len(labels("rv")) == 8
    assert "spectral_binary" in labels("scm") and {"dM", "gM"} <= set(labels("dgcm"))
    with pytest.raises(InputError, match="no queue 'spt'"):
        labels("spt")


def test_a_candidate_twice_or_without_consensus_is_an_error(candidates):
    none = read_decisions("scm", [])
    with pytest.raises(InputError, match="is a candidate twice"):
        resolve("scm", pd.concat([candidates, candidates]), none, "provisional")
    with pytest.raises(InputError, match="has no consensus_label"):
        resolve("scm", candidates.assign(consensus_label=None), none, "provisional")
    with pytest.raises(InputError, match="review.mode: 'maybe'"):
        resolve("scm", candidates, none, "maybe")


DECIDED = [
    ["a", "M", "0.9", "ann", "2026-01-01T10:00:00Z", "clear, #1"],
    ["b", "K", "", "ann", "2026-01-01T10:01:00Z", ""],
]
HEAD = "spectrum_key,label,confidence,reviewer,time,comment"
PLAIN = f'{HEAD}\na,M,0.9,ann,2026-01-01T10:00:00Z,"clear, #1"\nb,K,,ann,2026-01-01T10:01:00Z,\n'
WAYS = {
    "plain": PLAIN.encode(),
    "trailing commas": PLAIN.replace("\n", ",\n").replace(",\n", "\n", 1).encode(),
    "trailing commas in the header too": PLAIN.replace("\n", ",,\n").encode(),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "utf-16": PLAIN.encode("utf-16"),
    "comment above": f"# of ann\n\n{PLAIN}".encode(),
    "semicolons": PLAIN.replace("clear, #1", "clear; #1").replace(",", ";").encode(),
    "tabs": PLAIN.replace("clear, #1", "clear; #1").replace(",", "\t").encode(),
    "carriage returns": PLAIN.replace("\n", "\r\n").encode(),
    "blank rows": PLAIN.replace("\nb", "\n\n,,,,,\nb").encode(),
    "no line end": PLAIN.rstrip("\n").encode(),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_writing_gives_the_same_decisions(tmp_path, way):
    path = tmp_path / "ann.csv"
    path.write_bytes(WAYS[way])
    found = read_decisions("scm", [path])
    assert found[["spectrum_key", "label", "reviewer"]].to_numpy().tolist() == [[*row[:2], row[3]] for row in DECIDED]
    assert found["comment"].str.replace(";", ",").tolist() == [row[5] for row in DECIDED]
    assert found["confidence"][0] == 0.9 and np.isnan(found["confidence"][1])
    lines = WAYS[way].decode("utf-16" if way == "utf-16" else "utf-8-sig").splitlines()
    assert [lines[line - 1].lstrip("\ufeff")[0] for line in found["line"]] == ["a", "b"]


def test_more_fields_than_columns_are_an_error_with_the_line(tmp_path):
    (tmp_path / "a.csv").write_text(
        f"{HEAD}\na,M,,ann,2026-01-01T10:00:00Z,fine\na,M,,ann,2026-01-02T10:00:00Z,one, two\n"
    )
    with pytest.raises(InputError, match="a.csv: line 3: 7 fields, the header has 6"):
        read_decisions("scm", [tmp_path / "a.csv"])


def test_text_of_another_encoding_is_not_changed_in_silence(tmp_path):
    (tmp_path / "a.csv").write_bytes(PLAIN.replace("ann", "Ren\u00e9").encode("latin-1"))
    with pytest.raises(InputError, match="not a CSV table in UTF-8"):
        read_decisions("scm", [tmp_path / "a.csv"])


def test_files_in_capitals_are_found_and_locks_are_not(tmp_path):
    for name in ("ONE.CSV", "two.csv", "three.Csv", "notes.txt", ".~lock.two.csv#", "~$two.csv", ".hidden.csv"):
        (tmp_path / name).write_text(PLAIN)
    assert [path.name for path in decision_files(tmp_path)] == ["ONE.CSV", "three.Csv", "two.csv"]
    assert decision_files(tmp_path / "nowhere") == []


def test_the_resolution_is_told_in_a_line(candidates, write):
    files = [write("a.csv", row(KEYS[0], "F"), row(KEYS[1], "F"), row(KEYS[4], "G"), row(KEYS[5], "G"))]
    files.append(write("b.csv", row(KEYS[1], "G", reviewer="bob")))
    decisions = read_decisions("scm", files)
    resolved = resolve("scm", candidates, decisions, "provisional", catalog=KEYS[:5])
    said = resolution("scm", resolved, decisions)
    assert said.startswith("queue scm: 4 candidates, ") and " 1 ties" in said
    assert said.endswith("1 decided without being queued now, 1 decided that have left the catalogue and are not used")
