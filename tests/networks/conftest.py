"""Spectra to learn from, and a trained model."""

import numpy as np
import pytest
from made_networks import small, spectra_of_classes, train


@pytest.fixture(scope="session")
def data():
    x, labels, depth = spectra_of_classes()
    return x, labels, depth, np.arange(len(x)) % 4 == 0


@pytest.fixture
def folder(tmp_path, data):
    train(tmp_path / "model", data, small(epochs=1))
    return tmp_path / "model"
