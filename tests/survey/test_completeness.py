"""Completeness of each step."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.robust import share_limits
from mstars.survey.completeness import completeness, magnitudes_and_outcome


def test_completeness_counts_each_step_with_wilsons_interval():
    keys = [f"k{number}" for number in range(8)]
    gaia = pd.DataFrame({"spectrum_key": keys, "phot_g_mean_mag": [14.1] * 4 + [14.6] * 3 + [np.nan]})
    gaia = gaia.assign(phot_bp_mean_mag=16.1, phot_rp_mean_mag=14.0)
    catalog = pd.DataFrame({"spectrum_key": keys[:5], "rv_flag": [1, 1, 1, 0, 1], "parameter_flag": [1, 0, 0, 0, 1]})
    table = magnitudes_and_outcome(pd.DataFrame({"spectrum_key": keys}), gaia, catalog)
    shares = completeness(table)
    assert shares["g"].tolist() == [14.0, 14.5] and shares["n"].tolist() == [4, 3]
    assert shares["recommended"].tolist() == [1, 1 / 3] and shares["rv"].tolist() == [0.75, 1 / 3]
    assert shares["parameters_low"][0] < 0.25 < shares["parameters_high"][0]
    assert completeness(table, ("g", "bp_rp"))["bp_rp"].tolist() == [2.0, 2.0]
    low, high = share_limits([0, 5], [0, 10], 0.95)
    assert np.isnan(low[0]) and (low[1], high[1]) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert len(completeness(table.iloc[:0])) == 0
