"""The emulator."""

import numpy as np
import pytest

from mstars.core.errors import InputError
from mstars.templates.emulator import Emulator


def test_emulator_refuses_what_it_was_not_trained_on():
    labels = ("teff", "logg", "mh", "om", "mgm", "sim", "cam", "tim")
    lower = np.array([3500.0, 0.0, -2.5, *[-0.6] * 5])
    upper = np.array([4200.0, 3.5, 0.5, *[0.6] * 5])
    emulator = Emulator(labels, lower, upper, [np.ones((3, 8), "f4")], [np.zeros(3, "f4")])
    assert emulator([3600, 3700], 1.0, 0.0).shape == (2, 3)
    with pytest.raises(InputError, match="teff = 3300 is outside 3500 to 4200"):
        emulator(3300, 1.0, 0.0)
