import pandas as pd
import pytest
from desk_place import desk_of, files, say

from mstars.review.decisions import read_decisions, resolve


@pytest.fixture
def desk(folder):
    return desk_of(folder)


def test_an_adjudicator_settles_a_disagreement_and_the_history_stays(desk):

    key = desk.queue.keys[1]
    for reviewer, label in (("ann", "TM"), ("bo", "LAMOST"), ("cy", "LAMOST")):
        say(desk, reviewer, key, label, comment=f"by {reviewer}")
    assert desk.votes.disagreements() == [key]
    desk.decide("dee", [{"key": key, "label": "DSAL_II", "comment": "look at Na I"}], "a", adjudicate=True)
    assert desk.votes.disagreements() == [] and desk.votes.verdict(key) == ("DSAL_II", True)
    assert [(row["reviewer"], row["label"]) for row in desk.votes.opinions(key)] == [
        *(("ann", "TM"), ("bo", "LAMOST"), ("cy", "LAMOST"), ("adjudicator:dee", "DSAL_II"))
    ]
    candidates = pd.DataFrame({"spectrum_key": [key], "consensus_label": "TM"})
    resolved = resolve("rv", candidates, read_decisions("rv", files(desk)), "required").iloc[0]
    assert (resolved["label"], resolved["reviewer"], resolved["adjudicated"]) == ("DSAL_II", "adjudicator:dee", True)
    assert resolved["n_reviewers"] == 4 and not resolved["tie"]
    desk.undo("dee", "u")
    assert desk.votes.disagreements() == [key]


def test_files_that_others_bring_are_taken_up(desk):
    key = desk.queue.keys[0]
    desk.next("ann", 1)
    (desk.queue.decisions / "zoe.csv").write_text(
        f"spectrum_key,label,reviewer,time\n{key},TM,zoe,2026-01-01T00:00:00Z\n"
    )
    desk.refresh()
    assert desk.votes.standing[key]["zoe"].label == "TM" and desk.progress("ann")["decided"] == 1
