import pytest
from desk_place import desk_of, make_queue, say


@pytest.fixture
def desk(folder):
    return desk_of(folder)


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
    assert "bo" in desk.schedule.leases and desk.next("cy", 1) == [ann[1]]


def test_the_planned_overlap_is_seen_by_two_and_by_no_third(tmp_path):
    desk = desk_of(make_queue(tmp_path, count=60, overlap=0.3))
    shared = [key for key in desk.queue.keys if desk.schedule.wanted(key) == 2]
    assert 8 <= len(shared) <= 28
    for reviewer in ("ann", "bo"):
        while keys := desk.next(reviewer, 10):
            for key in keys:
                say(desk, reviewer, key)
    assert {key for key, votes in desk.votes.standing.items() if len(votes) == 2} == set(shared) == desk.schedule.shared
    assert desk.progress("cy")["left"] == 0 and desk.progress("cy")["decided"] == 60
    assert desk.next("cy", 5) == []


def test_named_reviewers_see_their_part(tmp_path):
    desk = desk_of(make_queue(tmp_path, count=60, reviewers=["ann", "bo"], overlap=0.2))
    ann, bo = set(desk.next("ann", 100)), set(desk.next("bo", 100))
    assert ann | bo == set(desk.queue.keys) and 4 <= len(ann & bo) <= 22
    assert all(set(names) <= {"ann", "bo"} for names in desk.schedule.assigned.values())
    say(desk, "ann", min(ann - bo))
    say(desk, "bo", min(ann & bo))
    for reviewer, part in (("ann", len(ann) - 1), ("bo", len(bo) - 1), ("cy", 59)):
        assert desk.progress(reviewer)["left"] == len(desk.schedule.waiting(reviewer)) == part


def test_skipped_spectra_come_again_at_the_end_and_after_a_restart(desk, folder):
    keys = desk.queue.keys
    desk.next("ann", 2)
    desk.skip("ann", keys[0])
    assert desk.next("ann", 1) == [keys[1]]
    again = desk_of(folder)
    for key in keys[1:]:
        say(again, "ann", key)
    assert again.next("ann", 5) == [keys[0]]


def test_what_was_put_off_and_decided_later_is_put_off_no_more(desk, folder):
    first, second = desk.queue.keys[:2]
    for key in (first, second):
        desk.skip("ann", key)
    say(desk, "ann", first)
    for each in (desk, desk_of(folder)):
        assert each.progress("ann")["skipped"] == 1 and each.schedule.put_off_by("ann") == [second]
