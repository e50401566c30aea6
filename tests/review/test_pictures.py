"""Pictures of a queue."""

import numpy as np
import pytest

from mstars.review.evidence import marks
from mstars.review.pictures import smoothed, strokes, words
from mstars.spectra.wavelengths import rest_wavelength


def test_smoothing_leaves_masked_pixels_out():
    flux, bad = np.ones(20), np.zeros(20, bool)
    flux[5], bad[5] = 1e6, True
    assert np.allclose(smoothed(flux, bad), 1)
    assert np.isnan(smoothed(flux, np.ones(20, bool))).all()


def test_words_show_what_there_is_and_no_formula():
    text = words("rv", {"spectrum_key": "k$1$", "lamost_rv": 12.3, "snri": None, "spt_prob": np.nan, "CMD_pos": ""})
    assert r"k\$1\$" in text and "LAMOST 12 km/s" in text and "TM none" in text and "nan" not in text


def test_features_are_drawn_where_the_velocity_puts_them():
    features = marks("dgcm")
    x, y = strokes(features, 100.0, (7600, 7720))
    assert len(x) == 6 and rest_wavelength(x[0], 100.0) == pytest.approx(features["lower"][1])
    assert list(strokes(features, np.nan, (7600, 7720))) == [[], []] and np.isnan(y[2])
