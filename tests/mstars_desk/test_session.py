import pytest
from desk_place import desk_of, files, say

from mstars.review.decisions import read_decisions
from mstars_desk.entries import Refused
from mstars_desk.session import per_minute


@pytest.fixture
def desk(folder):
    return desk_of(folder)


def test_undo_takes_back_one_step_at_a_time_and_restores_what_was_before(desk, folder):
    key = desk.queue.keys[0]
    say(desk, "ann", key, "TM", comment="first")
    say(desk, "ann", key, "LAMOST")
    assert desk.undo("ann", "u1") == {"undone": [key]} and desk.votes.standing[key]["ann"].label == "TM"
    assert desk.undo("ann", "u1") == {"undone": [key]}  # the same request again
    desk.undo("ann", "u2")
    assert not desk.votes.standing[key]
    with pytest.raises(Refused, match="nothing to undo"):
        desk.undo("ann", "u3")
    table = read_decisions("rv", files(desk))
    assert list(table["label"]) == ["TM", "LAMOST", "TM", ""]
    assert desk_of(folder).next("ann", 1) == [key]


def test_undo_works_after_a_restart(desk, folder):
    for key in desk.queue.keys[:2]:
        say(desk, "ann", key)
    again = desk_of(folder)
    assert again.undo("ann", "u")["undone"] == [desk.queue.keys[1]]
    assert again.undo("ann", "v")["undone"] == [desk.queue.keys[0]]


def test_undo_after_a_restart_takes_back_one_s_own_row_though_another_s_is_newer(desk, folder):
    key = desk.queue.keys[0]
    for reviewer, label in (("ann", "LAMOST"), ("ann", "TM"), ("bo", "TM")):
        say(desk, reviewer, key, label)
    again = desk_of(folder)
    again.undo("ann", "u")
    assert {name: vote.label for name, vote in again.votes.of(key).items()} == {"ann": "LAMOST", "bo": "TM"}


def test_a_sheet_is_one_request_and_one_undo(desk):
    keys = desk.next("ann", 24, alike=True)
    assert len(keys) == 20 and {desk.queue.consensus[key] for key in keys} == {"LAMOST"}
    desk.decide("ann", [{"key": key, "label": "LAMOST", "via": "sheet"} for key in keys], "sheet")
    assert desk.progress("ann")["mine"] == 20 and {desk.votes.via["ann", key] for key in keys} == {"sheet"}
    assert len(desk.undo("ann", "u")["undone"]) == 20 and desk.progress("ann")["mine"] == 0


def test_a_request_sent_twice_is_written_once(desk):
    row = [{"key": desk.queue.keys[0], "label": "TM"}]
    assert desk.decide("ann", row, "r1") == desk.decide("ann", row, "r1")
    assert len(read_decisions("rv", files(desk))) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"key": "9-x", "label": "TM"}, "not a spectrum of this queue"),
        ({"key": "../../x", "label": "TM"}, "not a spectrum of this queue"),
        ({"label": "galaxy"}, "not a label of queue rv"),
        ({"label": "DSAL_I"}, "no velocity by DSAL_I"),
        ({"label": "TM", "confidence": 7}, "from 0 to 1"),
    ],
)
def test_what_can_not_be_taken_is_refused_and_writes_nothing(desk, row, said):
    with pytest.raises(Refused, match=said):
        desk.decide("ann", [{"key": desk.queue.keys[0], **row}], "r")
    assert files(desk) == []


def test_the_rate_leaves_pauses_out():
    assert per_minute([0.0, 1.0, 2.0, 4000.0, 4001.0]) == pytest.approx(60.0)
    assert per_minute([0.0, 1.0]) is None
