"""Sizes of surveys, and which sources are allowed."""

import pytest

from mstars.core.errors import InputError
from mstars.simulate.sizes import SIZES, check_sources, parts, plates


def test_inverse_crime_is_refused():
    with pytest.raises(InputError, match="both have stelib"):
        check_sources(["kesseli", "stelib"], ["stelib", "mastar"], False)
    check_sources(["kesseli", "stelib"], ["stelib", "mastar"], True)
    check_sources(["kesseli"], ["mastar"], False)


@pytest.mark.parametrize("size", SIZES)
def test_each_plate_is_written_by_one_job(size):
    names = [plate["plate"] for plate in plates(size)]
    jobs = parts(size)
    assert [name for part in jobs.values() for name in part] == names
    assert len(jobs) == len(names) if size in {"demo", "ci"} else len(jobs) <= len(names)


def test_sizes():
    assert SIZES["demo"]["plates"] == 4 and SIZES["scale"]["dM"] + SIZES["scale"]["gM"] > 90000
