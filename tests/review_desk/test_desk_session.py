import pytest
from desk_place import make_queue

from mstars.review.decisions import read_decisions, resolve
from mstars_desk.folder import QueueFolder, packed, runs
from mstars_desk.session import Desk, Refused, per_minute


def desk_of(folder, **more):
    return Desk(QueueFolder(folder), **more)


@pytest.fixture
def desk(folder):
    return desk_of(folder)


def say(desk, reviewer, key, label="TM", **more):
    return desk.decide(reviewer, [{"key": key, "label": label, **more}], f"{reviewer}{key}{label}{len(desk.done)}")


def files(desk):
    return sorted(desk.queue.decisions.glob("*.csv"))


def test_the_queue_comes_in_its_order_and_goes_on_after_a_restart(desk, folder):
    first = desk.next("ann", 5)
    assert first == desk.queue.keys[:5]
    for key in first[:3]:
        say(desk, "ann", key)
    again = desk_of(folder)
    assert again.next("ann", 4) == desk.queue.keys[3:7]
    assert again.progress("ann")["mine"] == 3 and again.progress("bo")["left"] == 37


def test_two_reviewers_share_the_work(desk):
    ann, bo = desk.next("ann", 5), desk.next("bo", 5)
    assert not set(ann) & set(bo)
    assert desk.next("ann", 5) == ann  # after a reload: what was hers is still hers
    assert desk.next("ann", 2, held=ann) == desk.queue.keys[10:12]


def test_a_spectrum_that_was_taken_and_left_goes_to_another_in_time(folder):
    now = [0.0]
    desk = desk_of(folder, clock=lambda: now[0])
    ann = desk.next("ann", 3)
    assert not set(ann) & set(desk.next("bo", 3))
    now[0] = 1000.0
    desk.next("ann", 1, held=desk.queue.keys[3:])  # her leases have run out
    assert "bo" in desk.leases and desk.next("cy", 1) == [ann[1]]


def test_the_planned_overlap_is_seen_by_two_and_by_no_third(tmp_path):
    desk = desk_of(make_queue(tmp_path, count=60, overlap=0.3))
    shared = [key for key in desk.queue.keys if desk.wanted(key) == 2]
    assert 8 <= len(shared) <= 28
    for reviewer in ("ann", "bo"):
        while keys := desk.next(reviewer, 10):
            for key in keys:
                say(desk, reviewer, key)
    assert {key for key, votes in desk.votes.items() if len(votes) == 2} == set(shared) == desk.shared
    assert desk.progress("cy")["left"] == 0 and desk.progress("cy")["decided"] == 60
    assert desk.next("cy", 5) == []


def test_named_reviewers_see_their_part(tmp_path):
    desk = desk_of(make_queue(tmp_path, count=60, reviewers=["ann", "bo"], overlap=0.2))
    ann, bo = set(desk.next("ann", 100)), set(desk.next("bo", 100))
    assert ann | bo == set(desk.queue.keys) and 4 <= len(ann & bo) <= 22
    assert all(set(names) <= {"ann", "bo"} for names in desk.assigned.values())
    say(desk, "ann", min(ann - bo))
    say(desk, "bo", min(ann & bo))
    for reviewer, part in (("ann", len(ann) - 1), ("bo", len(bo) - 1), ("cy", 59)):
        assert desk.progress(reviewer)["left"] == len(desk.waiting(reviewer)) == part


def test_undo_takes_back_one_step_at_a_time_and_restores_what_was_before(desk, folder):
    key = desk.queue.keys[0]
    say(desk, "ann", key, "TM", comment="first")
    say(desk, "ann", key, "LAMOST")
    assert desk.undo("ann", "u1") == {"undone": [key]} and desk.votes[key]["ann"].label == "TM"
    assert desk.undo("ann", "u1") == {"undone": [key]}  # the same request again
    desk.undo("ann", "u2")
    assert not desk.votes[key]
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


def test_a_sheet_is_one_request_and_one_undo(desk):
    keys = desk.next("ann", 24, alike=True)
    assert len(keys) == 20 and {desk.queue.consensus[key] for key in keys} == {"LAMOST"}
    desk.decide("ann", [{"key": key, "label": "LAMOST", "via": "sheet"} for key in keys], "sheet")
    assert desk.progress("ann")["mine"] == 20 and {desk.via["ann", key] for key in keys} == {"sheet"}
    assert len(desk.undo("ann", "u")["undone"]) == 20 and desk.progress("ann")["mine"] == 0


def test_a_request_sent_twice_is_written_once(desk):
    row = [{"key": desk.queue.keys[0], "label": "TM"}]
    assert desk.decide("ann", row, "r1") == desk.decide("ann", row, "r1")
    assert len(read_decisions("rv", files(desk))) == 1


def test_skipped_spectra_come_again_at_the_end_and_after_a_restart(desk, folder):
    keys = desk.queue.keys
    desk.next("ann", 2)
    desk.skip("ann", keys[0])
    assert desk.next("ann", 1) == [keys[1]]
    again = desk_of(folder)
    for key in keys[1:]:
        say(again, "ann", key)
    assert again.next("ann", 5) == [keys[0]]


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


def test_an_adjudicator_settles_a_disagreement_and_the_history_stays(desk):
    import pandas as pd

    key = desk.queue.keys[1]
    for reviewer, label in (("ann", "TM"), ("bo", "LAMOST"), ("cy", "LAMOST")):
        say(desk, reviewer, key, label, comment=f"by {reviewer}")
    assert desk.disagreements() == [key]
    desk.decide("dee", [{"key": key, "label": "DSAL_II", "comment": "look at Na I"}], "a", adjudicate=True)
    assert desk.disagreements() == [] and desk.verdict(key) == ("DSAL_II", True)
    assert [(row["reviewer"], row["label"]) for row in desk.opinions(key)] == [
        *(("ann", "TM"), ("bo", "LAMOST"), ("cy", "LAMOST"), ("adjudicator:dee", "DSAL_II"))
    ]
    candidates = pd.DataFrame({"spectrum_key": [key], "consensus_label": "TM"})
    resolved = resolve("rv", candidates, read_decisions("rv", files(desk)), "required").iloc[0]
    assert (resolved["label"], resolved["reviewer"], resolved["adjudicated"]) == ("DSAL_II", "adjudicator:dee", True)
    assert resolved["n_reviewers"] == 4 and not resolved["tie"]
    desk.undo("dee", "u")
    assert desk.disagreements() == [key]


def test_files_that_others_bring_are_taken_up(desk):
    key = desk.queue.keys[0]
    desk.next("ann", 1)
    (desk.queue.decisions / "zoe.csv").write_text(
        f"spectrum_key,label,reviewer,time\n{key},TM,zoe,2026-01-01T00:00:00Z\n"
    )
    desk.refresh()
    assert desk.votes[key]["zoe"].label == "TM" and desk.progress("ann")["decided"] == 1


def test_the_rate_leaves_pauses_out():
    assert per_minute([0.0, 1.0, 2.0, 4000.0, 4001.0]) == pytest.approx(60.0)
    assert per_minute([0.0, 1.0]) is None


def test_a_payload_holds_what_the_page_shows(desk):
    import base64

    import numpy as np

    key = desk.queue.keys[3]
    payload = desk.payload(key)
    assert ["next one at", "1.50 arcsec"] in payload["evidence"]["star"]
    assert ["its G", "17.25 mag"] in payload["evidence"]["star"]
    assert payload["bad"] == [[1500, 20]] and payload["forbidden"] == ["DSAL_I", "TML7500", "DSEL"]
    assert payload["velocities"]["TM"] == [-30.0, 3.0] and payload["same_star"] == [desk.queue.keys[2]]
    flux = np.frombuffer(base64.b64decode(payload["flux"]["data"]), "<f2") * payload["flux"]["scale"]
    from mstars.files.stores import read_batch

    true = read_batch(desk.queue.results / "spectra" / "b.h5").flux[3]
    assert np.allclose(flux, true, rtol=1e-3, atol=0.2)
    with pytest.raises(KeyError):
        desk.payload("../../etc/passwd")


def test_packing_survives_nonsense():
    import numpy as np

    nonsense = np.array([np.nan, np.inf, -np.inf, 0.0, 1e30, 3.0])
    assert packed(nonsense)["scale"] > 0 and packed(np.full(3, np.nan))["scale"] == 1.0
    assert runs(np.array([1, 1, 0, 1], bool)) == [[0, 2], [3, 1]] and runs(np.zeros(3, bool)) == []


def test_the_desk_s_velocity_columns_are_those_of_the_selection():
    from mstars.core.velocities import SOURCES

    assert SOURCES == SOURCES
