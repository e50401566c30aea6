"""Published types and temperatures."""

import numpy as np

from mstars.templates.spectral_types import type_temperature


def test_type_temperature():
    assert type_temperature("M3.5") == 3320
    assert type_temperature("M0", "giant") == 3895
    assert np.isnan(type_temperature("carbon"))
