"""Class weights of the loss."""

import numpy as np
import pytest

from mstars.core.errors import InputError
from mstars.networks.class_weights import class_weights


def test_class_weights_are_the_papers():
    labels = np.repeat(["K", "OB", "WD"], [30000, 8279, 7094])
    np.testing.assert_allclose(class_weights(labels, ["K", "OB", "WD"]), [1, 3.62, 4.23], atol=0.005)
    with pytest.raises(InputError, match="QSO"):
        class_weights(labels, ["K", "QSO"])
