"""Precision from repeated spectra."""

import numpy as np
import pytest
from made_survey import repeats

from mstars.parameters.precision import fit_precision
from mstars.survey.repeats import precision_table, repeat_pairs


def test_the_planted_precision_of_repeats_comes_back_within_errors():
    table = repeats()
    found = repeat_pairs(table, "teff")
    assert len(found) == 3000
    fit = fit_precision(found["snr_1"], found["snr_2"], found["difference"])
    assert abs(fit["a"] - 200) < 3 * fit["a_err"] < 60 and abs(fit["b"] - 10) < 3 * fit["b_err"] < 3
    spoilt = found["difference"].mask(np.arange(len(found)) % 50 == 0, 5000.0)
    fit = fit_precision(found["snr_1"], found["snr_2"], spoilt)
    assert fit["outliers"] == pytest.approx(0.02, abs=0.008) and abs(fit["a"] - 200) < 25 and abs(fit["b"] - 10) < 2


def test_pairs_are_independent_and_of_flagged_values():
    table = repeats(3).iloc[:5].assign(star_id="s", snr_i=[5.0, 4, 3, 2, 1])
    assert (
        sorted(repeat_pairs(table, "teff")["snr_1"]) == [1, 3]
        and len(repeat_pairs(table.assign(parameter_flag=0), "teff")) == 0
    )
    fits = precision_table(table)
    assert fits["a"].isna().all() and len(fits) == 10
