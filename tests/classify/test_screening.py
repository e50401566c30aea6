"""Labels that the spectra contradict."""

import numpy as np
import pandas as pd
import pytest
from made_spectra import m_like

from mstars.classify.flux_bins import bin_spectra
from mstars.classify.screening import screen_labels
from mstars.core.errors import InputError
from mstars.spectra.wavelengths import lamost_wavelength


def test_labels_that_the_spectra_contradict_are_not_trained_on():
    """80 of 480 'M' are something else; half of them, and some true M, lie outside the CMD regions."""
    wavelength = lamost_wavelength()
    blue = 3.0 * (wavelength / 6000) ** -3
    true_m, wrong, hot = m_like(400, 20, 1), m_like(80, 20, 2, blue), m_like(200, 20, 3, blue)
    flux, variance = (np.concatenate(parts) for parts in zip(*map(bin_spectra, (true_m, wrong, hot)), strict=True))
    labels = np.repeat(["M", "M", "A"], [400, 80, 200])
    outside = np.zeros(680, bool)
    outside[:20], outside[400:440] = True, True
    stars = [f"star{i // 2}" for i in range(680)]
    pool = pd.DataFrame({"star_id": stars, "label": labels, "outside": outside})
    kept = screen_labels(pool, flux, variance, how="discriminant", seed=1)["kept"].to_numpy()
    assert kept[:400].mean() > 0.99 and kept[:20].all()
    assert not kept[400:480].any()
    assert kept[480:].all()
    by_cmd = screen_labels(pool, None, None, how="cmd", seed=1)["kept"].to_numpy()
    np.testing.assert_array_equal(by_cmd, ~outside)
    assert screen_labels(pool, None, None, how="none", seed=1)["kept"].all()
    only_m = screen_labels(pool.assign(label="M"), flux, variance, how="discriminant", seed=1)
    assert only_m["kept"].all()  # nothing to compare with
    with pytest.raises(InputError, match="scm.screen"):
        screen_labels(pool, flux, variance, how="magic", seed=1)
