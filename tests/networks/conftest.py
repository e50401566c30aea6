"""Spectra to learn from, and a trained model."""

import numpy as np
import pytest
from made_networks import SMALL, spectra_of_classes, train

from mstars.networks.settings import Settings


@pytest.fixture(scope="session")
def data():
    x, labels, depth = spectra_of_classes()
    return x, labels, depth, np.arange(len(x)) % 4 == 0


@pytest.fixture
def folder(tmp_path, data):
    train(tmp_path / "model", data, Settings(epochs=1, device="cpu", architecture=SMALL))
    return tmp_path / "model"
