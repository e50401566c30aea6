import numpy as np
import pandas as pd
import pytest
from desk_place import decide_all, desk_of, make_queue

from mstars.core.errors import InputError
from mstars.files.tables import write_table
from mstars_desk.agreement import accuracy
from mstars_desk.blind_spectra import read_blind_spectra
from mstars_desk.queue_folder import QueueFolder


@pytest.fixture
def calibrated(tmp_path):
    """A queue that shows spectra of another, simulated survey, blind."""
    there = make_queue(tmp_path / "other", keys=[f"1-sim-sp01-{n:03d}" for n in range(1, 41)])
    right = pd.DataFrame(
        {"spectrum_key": QueueFolder(there).keys, "right": ["TM;DSAL_II"] * 20 + ["LAMOST"] * 19 + [""]}
    )
    write_table(right, there.parents[1] / "validation" / "calibration_rv.parquet")
    share = {"share": 0.3, "survey": str(there.parents[1])}
    return make_queue(tmp_path / "mine", count=60, calibration=share)


def test_calibration_gives_each_reviewer_s_accuracy_and_no_decision(calibrated):
    desk = desk_of(calibrated, read_blind_spectra(QueueFolder(calibrated)))
    tested = []

    def label(key):
        if key not in desk.queue.place:
            tested.append(key)
            assert set(desk.payload(key)) == set(desk.payload(desk.queue.keys[0]))  # nothing tells it apart
            assert key.startswith("1-sim")
        return "TM"

    decide_all(desk, "ann", label)
    (row,) = accuracy(desk.votes)
    assert row["n"] == len(set(tested)) == len(tested) > 8
    answers = desk.votes.right_labels()
    assert row["share"] == np.mean(["TM" in answers[key] for key in tested]) and row["low"] < row["share"] < row["high"]
    assert set(desk.votes.standing) == set(desk.queue.keys)
    (file,) = desk.queue.decisions.glob("*.csv")
    assert "1-sim" not in file.read_text()
    again = desk_of(calibrated, read_blind_spectra(QueueFolder(calibrated)))
    assert accuracy(again.votes) == accuracy(desk.votes)


def test_the_counts_do_not_give_a_calibration_spectrum_away(calibrated):
    desk, kinds = desk_of(calibrated, read_blind_spectra(QueueFolder(calibrated))), set()
    before = desk.progress("ann")
    while keys := desk.next("ann", 1):
        kinds.add(keys[0] in desk.queue.place)
        desk.decide("ann", [{"key": keys[0], "label": "TM"}], keys[0])
        now = desk.progress("ann")
        if now["left"] > 6:  # how many still come is known to a few
            assert [now[name] - before[name] for name in ("decided", "mine", "left")] == [1, 1, -1]
        before = now
    assert kinds == {True, False} and now["left"] < 10
    assert desk.progress("ann")["total"] > len(desk.queue)


def test_a_calibration_decision_can_be_undone(calibrated):
    desk = desk_of(calibrated, read_blind_spectra(QueueFolder(calibrated)))
    key = next(key for key in desk.next("ann", 40) if key not in desk.queue.place)
    desk.decide("ann", [{"key": key, "label": "TM"}], "r")
    desk.undo("ann", "u")
    assert accuracy(desk.votes) == [] and "TM" not in {vote.label for vote in desk.votes.blind.values()}


def test_without_a_simulated_survey_what_others_agreed_on_is_shown_again(tmp_path):
    folder = make_queue(tmp_path, count=30, overlap=1.0, calibration={"share": 0.4, "survey": None})
    desk = desk_of(folder)
    for reviewer in ("ann", "bo"):
        decide_all(desk, reviewer, lambda key: "TM", 30)
    decide_all(desk, "cy", lambda key: "LAMOST")
    (row,) = [row for row in accuracy(desk.votes) if row["reviewer"] == "cy"]
    assert row["share"] == 0.0 and row["n"] > 0
    assert all(set(votes) == {"ann", "bo"} for votes in desk.votes.standing.values())


def test_a_survey_does_not_calibrate_its_own_reviewers(tmp_path):
    folder = make_queue(tmp_path, calibration={"share": 0.1, "survey": "results/demo"})
    with pytest.raises(InputError, match="can't calibrate its own reviewers"):
        read_blind_spectra(QueueFolder(folder))
