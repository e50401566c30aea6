"""Dates of observations."""

import numpy as np
import pandas as pd
import pytest

from mstars.sky.places import observation_year


def test_observation_year_takes_obsdate_then_mjd():
    table = pd.DataFrame({"obsdate": ["2016-01-01", "", None], "mjd": [0, 57388.5, -9999]})
    year = observation_year(table)
    assert year[:2] == pytest.approx(2016.0, abs=0.003)
    assert np.isnan(year[2])
