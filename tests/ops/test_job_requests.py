"""Requests of jobs by the size of their input and the attempt."""

from types import SimpleNamespace

from mstars.ops.job_requests import memory, minutes


def test_a_request_grows_with_the_input_and_with_each_attempt():
    given = SimpleNamespace(size_mb=100.0)
    assert [memory(2000, 10)(None, given, attempt) for attempt in (1, 2, 3)] == [3000, 4500, 6750]
    assert [minutes(10, 0.1)(None, given, attempt) for attempt in (1, 2, 3)] == [20, 40, 80]


def test_without_a_share_of_the_input_its_size_is_not_asked_for():
    nothing = SimpleNamespace()
    assert memory(2000)(None, nothing, 2) == 3000 and minutes(7)(None, nothing, 2) == 14
