import numpy as np
from desk_place import decide_all, desk_of, make_queue, truth

from mstars.review.network_features import write_network_features
from mstars_desk.learning import chance_of_change, design
from mstars_desk.queue_folder import QueueFolder
from mstars_desk.session import Desk


def test_after_enough_decisions_the_likely_changes_come_first(tmp_path):
    folder = make_queue(tmp_path, count=600, active={"after": 200, "every": 50})
    queue = QueueFolder(folder)
    random = np.random.default_rng(0)
    values = random.normal(size=(600, 8)).astype("f4")
    write_network_features(queue.keys, values, folder / "features.h5")
    change = {key: value[2] + random.normal(0, 0.3) > 1.0 for key, value in zip(queue.keys, values, strict=True)}
    desk = desk_of(folder)
    label = truth(queue, change)
    decide_all(desk, "ann", label, 199)
    assert not desk.learn() and desk.schedule.order == queue.keys
    decide_all(desk, "ann", label, 4)
    assert desk.learn() and not desk.learn()
    first = [key for key in desk.schedule.order if not desk.votes.of(key)][:40]
    assert np.mean([change[key] for key in first]) > 0.8 > 4 * np.mean(list(change.values()))
    again = desk_of(folder)  # after a restart the new order is there at once
    assert [key for key in again.schedule.order if not again.votes.of(key)][:20] == first[:20]


def test_the_random_check_stays_in_the_order_it_was_drawn_in(tmp_path):
    drawn = [f"56000-HD{number:04d}-sp01-001" for number in range(300, 0, -1)]
    queue = QueueFolder(make_queue(tmp_path, "random", keys=drawn, order="key", active={"after": 100, "every": 50}))
    assert queue.keys == drawn
    desk = Desk(queue)
    decide_all(desk, "ann", lambda key: "dM" if key < drawn[100] else "K", 150)
    assert not desk.learn() and desk.schedule.order == drawn


def test_nothing_is_learned_from_decisions_that_are_all_alike():
    assert chance_of_change(np.eye(4), [0, 1], [True, True]) is None


def test_what_the_learner_is_given_survives_what_is_missing(tmp_path):
    queue = QueueFolder(make_queue(tmp_path))
    matrix = design(queue.table.assign(rv_tm=np.nan, ood_score=[None, 1.0] * 20), {})
    assert matrix.shape[0] == 40 and np.isfinite(matrix).all()
