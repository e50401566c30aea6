"""Numbers, identifiers and angles from what tables hold."""

import numpy as np
import pandas as pd
import pytest

from mstars.files.units import factor_to, parsed_unit
from mstars.files.values import UnreadableValues, degrees, integer_values, number_values, text_values

GAIA = 4611686018427387905


def test_numbers_in_every_spelling():
    given = [
        "1.5",
        " 2 ",
        "3.9D-05",
        "3.9d-05",
        "1e3",
        "-7",
        "1,5",
        "3,9e-5",
        "",
        "null",
        "NaN",
        "--",
        "-9999",
        "abc",
        "1 2",
    ]
    numbers, bad = number_values(pd.Series(given))
    expected = [1.5, 2, 3.9e-5, 3.9e-5, 1e3, -7, 1.5, 3.9e-5, np.nan, np.nan, np.nan, np.nan, -9999, np.nan, np.nan]
    np.testing.assert_allclose(numbers, expected, rtol=1e-15)
    assert list(np.flatnonzero(bad)) == [13, 14]
    numbers, bad = number_values(pd.Series([1, None, 3], dtype="Int64"))
    np.testing.assert_array_equal(numbers, [1, np.nan, 3])
    assert not bad.any()


def test_identifiers_keep_all_digits():
    given = [str(GAIA), f" {GAIA} ", "7.0", "7.", "-9999", "", "null", "1.5", "abc", str(2**63), "9" * 30]
    integers, bad = integer_values(pd.Series(given))
    assert integers[:5].tolist() == [GAIA, GAIA, 7, 7, -9999]
    assert integers[5:].isna().all()
    assert list(np.flatnonzero(bad)) == [7, 8, 9, 10]
    assert integer_values(pd.Series([GAIA, 2], dtype="int64"))[0].tolist() == [GAIA, 2]
    integers, bad = integer_values(pd.Series([2**63, 5], dtype="uint64"))
    assert integers.isna().tolist() == [True, False] and bad.tolist() == [True, False]
    integers, bad = integer_values(pd.Series([3.0, np.nan, 2.5, np.inf]))
    assert integers[0] == 3 and integers[1:].isna().all() and bad.tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([float(GAIA), np.nan]),
        pd.Series([1.24e9], dtype="float32"),
        pd.Series(["4.611686018427388e18", "5"]),
        pd.Series(["1.24e9"]),
        pd.Series([f"{GAIA}.0"]),
    ],
)
def test_identifiers_that_lost_digits_are_refused(values):
    with pytest.raises(UnreadableValues, match="lost digits"):
        integer_values(values)


def test_angles():
    numbers, bad = degrees(pd.Series(["42.975", "02:51:54", "02 51 54.0", "2h51m54s", "25:61:00", ""]), 15.0)
    np.testing.assert_allclose(numbers[:4], 42.975)
    assert np.isnan(numbers[4:]).all() and bad.tolist() == [False, False, False, False, True, False]
    np.testing.assert_allclose(
        degrees(pd.Series(["-00:30:36", "-00 30 36.0", "+10d30'00\""]), 1.0)[0], [-0.51, -0.51, 10.5]
    )


def test_text():
    assert text_values(pd.Series([b"ab ", " c", None, np.nan, 5])).tolist() == ["ab", "c", "", "", "5"]
    assert text_values(pd.Series([1, 2])).tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("told", "wanted", "factor"),
    [
        ("arcsec/yr", "mas/yr", 1000),
        ("arcsec yr-1", "mas/yr", 1000),
        ("mas.yr**-1", "mas/yr", 1),
        ("mas/a", "mas/yr", 1),
        ("rad/yr", "mas/yr", 206264806.247),
        ("deg/yr", "mas/yr", 3.6e6),
        ("rad", "deg", 57.29577951308232),
        ("hourangle", "deg", 15),
        ("h", "deg", 15),
        ("Angle[deg]", "deg", 1),
        ("degrees", "deg", 1),
        ("arcsec", "mas", 1000),
        ("kpc", "pc", 1000),
        ("m/s", "km/s", 0.001),
        ("m.s**-1", "km/s", 0.001),
        ("", "deg", 1),
        ("what?", "deg", 1),
        ("furlong", "", 1),
        ("km/s", "mas/yr", None),
        ("mag", "deg", None),
    ],
)
def test_units(told, wanted, factor):
    found = factor_to(told, wanted)
    assert found == factor if factor is None else found == pytest.approx(factor, rel=1e-9)


def test_what_is_no_unit():
    assert all(parsed_unit(text) is None for text in ("", "-", "---", "12", "-1.5", "57041-P1", "HD 1234", "dM3"))
