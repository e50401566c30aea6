import numpy as np
import pytest
from desk_place import decide_all, desk_of, make_queue, truth
from sklearn.metrics import cohen_kappa_score

from mstars.ops.cli import main
from mstars.review.network_features import write_network_features
from mstars_desk.agreement import expectation, kappa, reviewer_pairs, summary_text
from mstars_desk.queue_folder import QueueFolder
from mstars_desk.session import Desk


def test_kappa_is_cohen_s():
    random = np.random.default_rng(0)
    a = random.choice(["TM", "LAMOST", "DSEL"], 200)
    b = np.where(random.random(200) < 0.7, a, random.choice(["TM", "LAMOST"], 200))
    assert kappa(a, b) == pytest.approx(cohen_kappa_score(a, b))
    assert kappa(a, a) == 1.0 and np.isnan(kappa(["M"], ["M"])) and np.isnan(kappa([], []))


def test_pairs_of_reviewers_on_what_both_saw(tmp_path):
    desk = desk_of(make_queue(tmp_path, count=30, overlap=1.0))
    decide_all(desk, "ann", lambda key: "TM")
    decide_all(desk, "bo", lambda key: "TM" if desk.queue.place[key] < 27 else "LAMOST")
    (row,) = reviewer_pairs(desk.votes)
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
        result = expectation(desk.votes, desk.schedule.order)
        left = sum(change[key] for key in queue.keys if not desk.votes.of(key))
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
        write_network_features(queue.keys, values, folder / "features.h5")
        wrong = values[:, 0] + values[:, 1] + random.normal(0, 1.0, 600) > 1.5
        change = dict(zip(queue.keys, wrong, strict=True))
        desk = Desk(queue)
        for _ in range(10):
            decide_all(desk, "ann", truth(queue, change), 30, chunk=10)
            desk.learn()
        result = expectation(desk.votes, desk.schedule.order)
        remaining.append(sum(change[key] for key in queue.keys if not desk.votes.of(key)))
        inside += result["low"] <= remaining[-1] <= result["high"]
        expected.append(result["expected"])
        found.append(result["changed"])
    assert inside >= 17
    assert np.mean(expected) == pytest.approx(np.mean(remaining), abs=3 * np.std(expected) / np.sqrt(20))
    assert np.mean(found) > 2 * np.mean(remaining)  # half of each queue was looked at


def test_the_summary_says_it_all(tmp_path, capsys):
    folder = make_queue(tmp_path, count=30, overlap=1.0, audit=0.5)
    desk = desk_of(folder)
    decide_all(desk, "ann", lambda key: "TM", 20)
    decide_all(desk, "bo", lambda key: "LAMOST", 8)
    assert main(["review", str(folder), "--summary"]) == 0
    said = capsys.readouterr().out
    assert said.strip() == summary_text(desk.votes, desk.schedule.order).strip()
    for words in (
        "Table 7 of the paper",
        "ann and bo: 0.0% of 8 alike",
        "changes expected among the undecided",
        "(in dispute): 8",
    ):
        assert words in said
