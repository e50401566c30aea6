"""The day of an observation: every form that headers and tables write, and Julian days."""

import pandas as pd
import pytest

from mstars.lamost.dates import observation_day, observation_days

LMJD = 57041  # 2015-01-18, as LAMOST writes it: the day of the observation plus one


@pytest.mark.parametrize(
    "text",
    [
        "2015-01-18",
        "2015-01-18T11:03:00",
        "2015-01-18 11:03:00.5",
        "2015/01/18",
        "2015/01/18 11:03:00",
        "2015.01.18",
        "20150118",
        "20150118T110300",
        "18/01/2015",
        "18-01-2015",
        "18.01.2015",
        "01/18/2015",
        "18/01/15",
        "18-Jan-2015",
        "18 January 2015",
        "2015-Jan-18",
        "Jan 18, 2015",
        "2015-1-18",
        "2457041.25",
        "57040",
        "57040.5",
        " '2015-01-18' ",
    ],
)
def test_each_form_is_the_same_day(text):
    assert observation_day(text, LMJD - 1, LMJD) == "2015-01-18"
    assert observation_day(text) == "2015-01-18"


@pytest.mark.parametrize(
    "text", ["", "null", "-9999", "1900-01-01T00:00:00", "1970-01-01", "2015-13-41", "30/02/2015", "0", "nan", "12:30"]
)
def test_what_is_no_day_comes_from_the_julian_days(text):
    assert observation_day(text, LMJD - 1, LMJD) == "2015-01-18"
    assert observation_day(text, None, LMJD) == "2015-01-18"
    assert observation_day(text, LMJD - 1, None) == "2015-01-18"
    assert observation_day(text, 0, LMJD) == "2015-01-18"
    assert observation_day(text) == observation_day(text, 0, -9999) == ""


def test_the_julian_day_settles_which_of_day_and_month_is_first():
    # 2012-09-05 is LMJD 56176
    assert observation_day("05/09/2012", 56175, 56176) == observation_day("09/05/2012", 56175, 56176) == "2012-09-05"
    assert observation_day("05/09/2012") == "2012-09-05"  # the FITS standard's old form
    assert observation_day("12/09/05", 56175, 56176) == "2012-09-05"


def test_both_julian_days_together_outweigh_a_date_of_something_else():
    assert observation_day("2019-06-13", LMJD - 1, LMJD) == "2015-01-18"  # the day the file was written
    assert observation_day("2019-06-13", None, LMJD) == "2019-06-13"
    # pipeline v2.6.4: MJD is two days after the observation, LMJD one
    assert observation_day("", LMJD + 1, LMJD) == "2015-01-18"


def test_a_column_of_a_catalogue():
    text = pd.Series(["2015-01-18", "30/09/2012", None, ""])
    mjd = pd.Series([57040, 56200, 57040, None], dtype="Int64")
    lmjd = pd.Series([57041, 56201, None, 56201], dtype="Int64")
    assert list(observation_days(text, mjd, lmjd)) == ["2015-01-18", "2012-09-30", "2015-01-18", "2012-09-30"]
