"""Pictures of a queue."""

import numpy as np

from mstars.review.pictures import _smooth, _words


def test_smoothing_leaves_masked_pixels_out():
    flux, bad = np.ones(20), np.zeros(20, bool)
    flux[5], bad[5] = 1e6, True
    assert np.allclose(_smooth(flux, bad), 1)
    assert np.isnan(_smooth(flux, np.ones(20, bool))).all()


def test_words_show_what_there_is_and_no_formula():
    text = _words("rv", {"spectrum_key": "k$1$", "lamost_rv": 12.3, "snri": None, "spt_prob": np.nan, "CMD_pos": ""})
    assert r"k\$1\$" in text and "LAMOST 12 km/s" in text and "TM none" in text and "nan" not in text
