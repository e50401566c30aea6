"""A tiny dust map."""

import numpy as np
import pytest


@pytest.fixture
def tiny_map(tmp_path):
    """A map of 12 pixels as Bayestar19's file is laid out: 0.1 a magnitude of distance modulus above 4."""
    import h5py

    edges = np.arange(4.0, 19.25, 0.5)
    path = tmp_path / "bayestar.h5"
    fields = [("nside", "u4"), ("healpix_index", "u8"), ("converged", "u1")]
    fields += [("DM_reliable_min", "f4"), ("DM_reliable_max", "f4"), ("n_stars", "u4")]
    pixels = np.array([(1, i, i != 3, 6.0, 12.0, 10) for i in range(11)], dtype=fields)  # pixel 11 is off the map
    profile = np.broadcast_to(0.1 * (edges - edges[0]), (11, len(edges))).astype("f4")
    with h5py.File(path, "w") as file:
        file.create_dataset("pixel_info", data=pixels).attrs["DM_bin_edges"] = edges
        file.create_dataset("best_fit", data=profile)
        file.create_dataset("samples", data=profile[:, None, :] * np.array([0.5, 1.0, 3.0], "f4")[None, :, None])
    return path
