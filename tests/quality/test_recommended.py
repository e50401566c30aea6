"""Which values are recommended."""

import numpy as np
from made_errors import sample

from mstars.quality.error_limits import fit_errors
from mstars.quality.ranges import TABLE_10
from mstars.quality.recommended import parameter_flags, rv_flag


def test_rv_flag_counts_the_day_of_the_cut_as_before():
    days = ["2012-01-13", "2012-01-14", "2012-01-15", "2012-01-15T22:00:00", None, "", "2013-05-01"]
    rv = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, np.nan]
    assert rv_flag(rv, days, "2012-01-14").tolist() == [0, 0, 1, 1, 0, 0, 0]
    assert rv_flag(rv, days, "2012-01-13").tolist() == [0, 1, 1, 1, 0, 0, 0]
    assert rv_flag(rv, days, "2012-01-15").tolist() == [0, 0, 0, 0, 0, 0, 0]


def test_parameter_flag_needs_snr_all_four_errors_and_the_ranges():
    table = sample()
    fits = fit_errors(table)
    table.loc[0, "snr_i"] = 0.0
    table.loc[1, "alpha_m_err"] += 100
    table.loc[2, "teff"] = 4125.5
    table.loc[3, "no_rv"] = True
    table.loc[4, "simulation_trained"] = True
    table.loc[5, "m_h"] = np.nan
    flags = parameter_flags(table, fits, TABLE_10)
    assert flags["parameter_flag"][:6].tolist() == [0] * 6
    assert flags["parameter_reasons"][:6].tolist() == [
        "snr_i", "error_alpha_m", "range_teff", "no_rv", "simulation_trained", "no_parameters",
    ]  # fmt: skip
    assert flags["parameter_flag"][6:].mean() > 0.97
    assert set(flags.loc[flags["parameter_flag"] == 1, "parameter_reasons"]) == {""}
