"""The largest of the five signal-to-noise ratios."""

import numpy as np
import pandas as pd

from mstars.core.snr import SNR, snr_max


def test_snr_max_ignores_missing_values():
    table = pd.DataFrame([[-9999, 3, 2, 8, 1], [-9999] * 5, [np.nan, 1, 2, -9999, 0]], columns=list(SNR))
    np.testing.assert_array_equal(snr_max(table), [8, np.nan, 2])
