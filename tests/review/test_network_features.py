import numpy as np
import pytest

from mstars.core.errors import InputError
from mstars.review.network_features import principal_components, read_network_features, write_network_features


def test_principal_components_are_uncorrelated_and_leave_constants_out(tmp_path):
    values = np.random.default_rng(0).normal(size=(100, 5)) @ np.diag([5, 3, 2, 1, 0])
    found = principal_components(values, 3)
    assert np.allclose(found.T @ found / 100, np.eye(3), atol=1e-4)
    assert principal_components(np.ones((4, 3))).shape == (4, 0)
    write_network_features(["a", "b"], found[:2], tmp_path / "f.h5")
    assert np.allclose(read_network_features(tmp_path / "f.h5")["b"], found[1])
    (tmp_path / "f.h5").write_bytes(b"no")
    with pytest.raises(InputError, match="not a readable file of features"):
        read_network_features(tmp_path / "f.h5")
