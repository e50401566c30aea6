import pytest

from mstars.core.errors import InputError
from mstars.engines.csn.lengths import after, back, check_length, margins


@pytest.mark.parametrize("length, places", [(2047, 4), (2303, 5), (2815, 7), (3071, 8)])
def test_lengths_that_come_back(length, places):
    assert check_length(length) == length and after(length) == places and back(places) == length


@pytest.mark.parametrize(
    "length, at_least, nearest",
    [(2901, 0, "2815 or 3071"), (2901, 2901, "give 3071"), (2815, 2901, "give 3071"), (100, 0, "give 2047")],
)
def test_others_are_refused_with_the_nearest_that_fit(length, at_least, nearest):
    with pytest.raises(InputError, match=rf"pad_to: {length} pixels .*{nearest} \(256 m \+ 1023\)"):
        check_length(length, at_least)


def test_margins_fill_the_length():
    assert margins(2901, 3071) == (85, 85) and margins(2900, 3071) == (85, 86)
