"""S/N columns, the largest S/N, intervals, and the number that stands for none."""

import numpy as np
import pandas as pd
import pytest

from mstars.catalog.columns import product_columns
from mstars.core.bands import BANDS, ORP, photometric_bands
from mstars.core.missing import MISSING, without_missing
from mstars.core.snr import SNR, SNR_CATALOG, SNR_I_INTERVALS, SNR_I_LIMITS, snr_interval, snr_max


def test_columns_are_those_of_the_bands_and_of_the_catalogue():
    assert tuple(photometric_bands()) == BANDS
    sources = {column.name: column.source for column in product_columns("recommended")}
    assert {name: source for source, name in SNR_CATALOG.items()}.items() <= sources.items()
    assert set(ORP) <= set(sources) and tuple(SNR_CATALOG) == SNR


def test_snr_max_ignores_what_is_missing():
    table = pd.DataFrame([[MISSING, 3, 2, 8, 1], [MISSING] * 5, [np.nan, 1, 2, MISSING, 0]], columns=list(SNR))
    np.testing.assert_array_equal(snr_max(table), [8, np.nan, 2])


def test_intervals_are_open_below_and_closed_above():
    assert snr_interval([np.nan, -9999, 0, 1e-3, 20, 20.1, 50, 100, 101]).tolist() == [-1, -1, -1, 0, 0, 1, 1, 2, 3]
    assert [high for _, high in SNR_I_INTERVALS[:-1]] == list(SNR_I_LIMITS) and SNR_I_INTERVALS[-1] == (100, np.inf)


@pytest.mark.parametrize("kind", [np.array, pd.Series, lambda values: pd.DataFrame({"a": values})])
def test_numbers_that_stand_for_none_become_nan(kind):
    found = without_missing(kind([1, -9999, -9999.99, np.nan, -20.0]))
    np.testing.assert_array_equal(np.asarray(found).ravel(), [1, np.nan, np.nan, np.nan, -20])
