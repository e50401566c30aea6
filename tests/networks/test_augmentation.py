"""What training does to spectra."""

import numpy as np
import pytest
import torch

from mstars.spectra.wavelengths import CLASSIFIER_GRID


def test_augmentation_shifts_to_the_right_place():
    from mstars.networks.augmentation import augment

    class Fixed:
        def normal(self, scale, size):
            return np.full(size, scale)

    line = 8000.0
    x = np.exp(-0.5 * ((CLASSIFIER_GRID - line) / 5) ** 2).astype(np.float32)[None]
    shifted = augment(torch.from_numpy(x), 0.0, 300.0, Fixed()).numpy()[0]
    assert CLASSIFIER_GRID[shifted.argmax()] == round(line / (1 + 300 / 299792.458))
    assert shifted.mean() == pytest.approx(0, abs=1e-4) and shifted.std() == pytest.approx(1, abs=1e-4)


def test_augmentation_adds_smooth_curves_only(data):
    from mstars.networks.augmentation import augment

    x = torch.from_numpy(data[0][:6])
    curved = augment(x, 0.0, 0.0, np.random.default_rng(1), 0.3)
    difference = (curved - x).numpy()
    assert np.abs(difference).max() > 0.1
    rough = np.diff(curved.numpy(), axis=1) - np.diff(x.numpy(), axis=1) * (curved.std(1) / x.std(1)).numpy()[:, None]
    assert np.abs(rough).std() < 0.2 * np.diff(x.numpy(), axis=1).std()
    assert augment(x, 0.0, 0.0, np.random.default_rng(1)) is x
