"""Random numbers of a rule and its wildcards."""

from mstars.core.randomness import rng


def test_rng_is_told_apart_by_names():
    a, b, c = (rng(1, *names).random() for names in (("x", 1), ("x", 1), ("x", 2)))
    assert a == b != c
