import numpy as np
import pandas as pd
import pytest
from desk_place import make_queue
from sklearn.metrics import cohen_kappa_score

from mstars.core.errors import InputError
from mstars.files.tables import write_table
from mstars.ops.cli import main
from mstars.review.features import principal_components, read_features, write_features
from mstars_desk.active import chance_of_change, design
from mstars_desk.agreement import accuracy, cohen_kappa, expectation, pairs, summary
from mstars_desk.command import calibration
from mstars_desk.folder import QueueFolder
from mstars_desk.session import Desk


def desk_of(folder, *more):
    return Desk(QueueFolder(folder), *more)


def decide_all(desk, reviewer, label, most=10_000, chunk=4):
    """Decide what comes, with ``label(key)``, until nothing comes or ``most`` are decided."""
    count = 0
    while count < most and (keys := desk.next(reviewer, chunk)[: most - count]):
        desk.decide(reviewer, [{"key": key, "label": label(key)} for key in keys], f"{reviewer}{keys[0]}")
        count += len(keys)


OTHER = {"TM": "LAMOST", "LAMOST": "TM"}


def truth(queue, change):
    """A reviewer who contradicts the consensus where ``change`` says so."""
    return lambda key: OTHER[queue.consensus[key]] if change[key] else queue.consensus[key]


def test_kappa_is_cohen_s():
    random = np.random.default_rng(0)
    a = random.choice(["TM", "LAMOST", "DSEL"], 200)
    b = np.where(random.random(200) < 0.7, a, random.choice(["TM", "LAMOST"], 200))
    assert cohen_kappa(a, b) == pytest.approx(cohen_kappa_score(a, b))
    assert cohen_kappa(a, a) == 1.0 and np.isnan(cohen_kappa(["M"], ["M"])) and np.isnan(cohen_kappa([], []))


def test_pairs_of_reviewers_on_what_both_saw(tmp_path):
    desk = desk_of(make_queue(tmp_path, count=30, overlap=1.0))
    decide_all(desk, "ann", lambda key: "TM")
    decide_all(desk, "bo", lambda key: "TM" if desk.queue.place[key] < 27 else "LAMOST")
    (row,) = pairs(desk)
    assert (row["reviewers"], row["n"], row["same"]) == (["ann", "bo"], 30, 0.9)


def test_the_estimate_of_changes_covers_the_truth(tmp_path):
    """30 queues whose first hundred hold most changes; a naive share would be off by far, the audit's is not."""
    folder = make_queue(tmp_path, count=400, audit=0.3)
    inside, naive = 0, []
    for trial in range(30):
        random = np.random.default_rng(trial)
        queue = QueueFolder(folder)
        queue.facts["seed"], queue.survey = trial, f"survey{trial}"
        chance = np.where(np.arange(400) < 100, 0.7, 0.1)
        change = dict(zip(queue.keys, random.random(400) < chance, strict=True))
        desk = Desk(queue)
        decide_all(desk, "ann", truth(queue, change), 160, chunk=20)
        result = expectation(desk)
        left = sum(change[key] for key in queue.keys if not desk.votes.get(key))
        inside += result["low"] <= left <= result["high"]
        naive.append(result["changed"] / result["decided"] * result["undecided"] > result["high"])
    assert inside >= 26 and np.mean(naive) > 0.9


def test_the_estimate_holds_while_the_order_is_learned(tmp_path):
    """20 queues in which the learner brings most changes to the front: what it leaves is still estimated rightly."""
    folder = make_queue(tmp_path, count=600, audit=0.15, active={"after": 100, "every": 50})
    inside, expected, remaining, found = 0, [], [], []
    for trial in range(20):
        random = np.random.default_rng(trial)
        queue = QueueFolder(folder)
        queue.facts["seed"], queue.survey = trial, f"survey{trial}"
        values = random.normal(size=(600, 8)).astype("f4")
        write_features(queue.keys, values, folder / "features.h5")
        wrong = values[:, 0] + values[:, 1] + random.normal(0, 1.0, 600) > 1.5
        change = dict(zip(queue.keys, wrong, strict=True))
        desk = Desk(queue)
        for _ in range(10):
            decide_all(desk, "ann", truth(queue, change), 30, chunk=10)
            desk.learn()
        result = expectation(desk)
        remaining.append(sum(change[key] for key in queue.keys if not desk.votes.get(key)))
        inside += result["low"] <= remaining[-1] <= result["high"]
        expected.append(result["expected"])
        found.append(result["changed"])
    assert inside >= 17
    assert np.mean(expected) == pytest.approx(np.mean(remaining), abs=3 * np.std(expected) / np.sqrt(20))
    assert np.mean(found) > 2 * np.mean(remaining)  # half of each queue was looked at


def test_after_enough_decisions_the_likely_changes_come_first(tmp_path):
    folder = make_queue(tmp_path, count=600, active={"after": 200, "every": 50})
    queue = QueueFolder(folder)
    random = np.random.default_rng(0)
    values = random.normal(size=(600, 8)).astype("f4")
    write_features(queue.keys, values, folder / "features.h5")
    change = {key: value[2] + random.normal(0, 0.3) > 1.0 for key, value in zip(queue.keys, values, strict=True)}
    desk = desk_of(folder)
    label = truth(queue, change)
    decide_all(desk, "ann", label, 199)
    assert not desk.learn() and desk.order == queue.keys
    decide_all(desk, "ann", label, 4)
    assert desk.learn() and not desk.learn()
    first = [key for key in desk.order if not desk.votes.get(key)][:40]
    assert np.mean([change[key] for key in first]) > 0.8 > 4 * np.mean(list(change.values()))
    again = desk_of(folder)  # after a restart the new order is there at once
    assert [key for key in again.order if not again.votes.get(key)][:20] == first[:20]


def test_the_random_check_stays_in_the_order_it_was_drawn_in(tmp_path):
    drawn = [f"56000-HD{number:04d}-sp01-001" for number in range(300, 0, -1)]
    queue = QueueFolder(make_queue(tmp_path, "random", keys=drawn, order="key", active={"after": 100, "every": 50}))
    assert queue.keys == drawn
    desk = Desk(queue)
    decide_all(desk, "ann", lambda key: "dM" if key < drawn[100] else "K", 150)
    assert not desk.learn() and desk.order == drawn


def test_nothing_is_learned_from_decisions_that_are_all_alike():
    assert chance_of_change(np.eye(4), [0, 1], [True, True]) is None


def test_what_the_learner_is_given_survives_what_is_missing(tmp_path):
    queue = QueueFolder(make_queue(tmp_path))
    matrix = design(queue.table.assign(rv_tm=np.nan, ood_score=[None, 1.0] * 20), {})
    assert matrix.shape[0] == 40 and np.isfinite(matrix).all()


def test_principal_components_are_uncorrelated_and_leave_constants_out(tmp_path):
    values = np.random.default_rng(0).normal(size=(100, 5)) @ np.diag([5, 3, 2, 1, 0])
    found = principal_components(values, 3)
    assert np.allclose(found.T @ found / 100, np.eye(3), atol=1e-4)
    assert principal_components(np.ones((4, 3))).shape == (4, 0)
    write_features(["a", "b"], found[:2], tmp_path / "f.h5")
    assert np.allclose(read_features(tmp_path / "f.h5")["b"], found[1])
    (tmp_path / "f.h5").write_bytes(b"no")
    with pytest.raises(InputError, match="not a readable file of features"):
        read_features(tmp_path / "f.h5")


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
    desk = desk_of(calibrated, *calibration(QueueFolder(calibrated)))
    tested = []

    def label(key):
        if key not in desk.queue.place:
            tested.append(key)
            assert set(desk.payload(key)) == set(desk.payload(desk.queue.keys[0]))  # nothing tells it apart
            assert key.startswith("1-sim")
        return "TM"

    decide_all(desk, "ann", label)
    (row,) = accuracy(desk)
    assert row["n"] == len(set(tested)) == len(tested) > 8
    answers = desk.answers()
    assert row["share"] == np.mean(["TM" in answers[key] for key in tested]) and row["low"] < row["share"] < row["high"]
    assert set(desk.votes) == set(desk.queue.keys)
    (file,) = desk.queue.decisions.glob("*.csv")
    assert "1-sim" not in file.read_text()
    again = desk_of(calibrated, *calibration(QueueFolder(calibrated)))
    assert accuracy(again) == accuracy(desk)


def test_the_counts_do_not_give_a_calibration_spectrum_away(calibrated):
    desk, kinds = desk_of(calibrated, *calibration(QueueFolder(calibrated))), set()
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
    desk = desk_of(calibrated, *calibration(QueueFolder(calibrated)))
    key = next(key for key in desk.next("ann", 40) if key not in desk.queue.place)
    desk.decide("ann", [{"key": key, "label": "TM"}], "r")
    desk.undo("ann", "u")
    assert accuracy(desk) == [] and "TM" not in {vote.label for vote in desk.tested.values()}


def test_without_a_simulated_survey_what_others_agreed_on_is_shown_again(tmp_path):
    folder = make_queue(tmp_path, count=30, overlap=1.0, calibration={"share": 0.4, "survey": None})
    desk = desk_of(folder)
    for reviewer in ("ann", "bo"):
        decide_all(desk, reviewer, lambda key: "TM", 30)
    decide_all(desk, "cy", lambda key: "LAMOST")
    (row,) = [row for row in accuracy(desk) if row["reviewer"] == "cy"]
    assert row["share"] == 0.0 and row["n"] > 0
    assert all(set(votes) == {"ann", "bo"} for votes in desk.votes.values())


def test_a_survey_does_not_calibrate_its_own_reviewers(tmp_path):
    folder = make_queue(tmp_path, calibration={"share": 0.1, "survey": "results/demo"})
    with pytest.raises(InputError, match="own truth is not for its reviewers"):
        calibration(QueueFolder(folder))


def test_the_summary_says_it_all(tmp_path, capsys):
    folder = make_queue(tmp_path, count=30, overlap=1.0, audit=0.5)
    desk = desk_of(folder)
    decide_all(desk, "ann", lambda key: "TM", 20)
    decide_all(desk, "bo", lambda key: "LAMOST", 8)
    assert main(["review", str(folder), "--summary"]) == 0
    said = capsys.readouterr().out
    assert said.strip() == summary(desk).strip()
    for words in (
        "Table 7 of the paper",
        "ann and bo: 0.0% of 8 alike",
        "changes expected among the undecided",
        "(in dispute): 8",
    ):
        assert words in said
