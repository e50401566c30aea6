"""Dust: coefficients, maps, distances."""

import numpy as np
import pytest

from mstars.core.errors import InputError
from mstars.sky.extinction import absolute_magnitude, gaia_coefficients, reddening, wise_coefficients


def test_equation_1():
    assert absolute_magnitude(10.0, 100.0, 0.5) == pytest.approx(4.5)
    assert np.isnan(absolute_magnitude(10.0, 0.0, 0.5))
    assert np.isnan(absolute_magnitude(10.0, np.nan, 0.5))


def test_gaia_coefficients():
    at_3800 = gaia_coefficients("teff")
    assert at_3800 == pytest.approx({"G": 2.369, "BP": 3.008, "RP": 1.985}, abs=5e-4)
    assert gaia_coefficients("mean") == {"G": 2.740, "BP": 3.374, "RP": 2.035}
    with pytest.raises(InputError, match="gaia_extinction"):
        gaia_coefficients("median")


def test_wise_coefficients():
    ebv = np.array([0.1, np.nan])
    simple, function = wise_coefficients(ebv, "simple"), wise_coefficients(ebv, "function")
    assert (simple["W1"][0], simple["W2"][0]) == (0.194, 0.138)
    assert function["W1"][0] == pytest.approx(0.183, abs=1e-3)
    assert function["W2"][0] == pytest.approx(0.068, abs=1e-3)
    assert np.isnan(function["W1"][1])


def test_reddening_is_the_scaled_median_at_the_distance(tiny_map, capsys):
    from astropy_healpix import HEALPix

    centre = HEALPix(1, order="nested", frame="galactic").healpix_to_skycoord(np.array([0, 3, 11, 0, 0])).icrs
    distance = np.array([10 ** (9.0 / 5 + 1)] * 3 + [10 ** (5.0 / 5 + 1), np.nan])
    ebv, reliable = reddening(centre.ra.deg, centre.dec.deg, distance, tiny_map)
    assert ebv[:2] == pytest.approx(0.884 * 0.5, rel=1e-4)  # 5 magnitudes beyond the first edge, median of 0.5, 1, 3
    assert np.isnan(ebv[[2, 4]]).all()
    assert reliable.tolist() == [True, False, False, False, False]  # converged; not; off; nearer than reliable; unknown
    mean, _ = reddening(centre.ra.deg[:1], centre.dec.deg[:1], distance[:1], tiny_map, mode="mean", scale=0.996)
    assert mean[0] == pytest.approx(0.996 * 0.75, rel=1e-4)
    assert capsys.readouterr().out == ""


def test_a_file_that_is_no_map_is_named(tmp_path):
    with pytest.raises(InputError, match="external.dust_map: .*no such file"):
        reddening([1.0], [1.0], [1.0], tmp_path / "none.h5")
    (tmp_path / "a.h5").write_text("no map")
    with pytest.raises(InputError, match="not a Bayestar map"):
        reddening([1.0], [1.0], [1.0], tmp_path / "a.h5")


def test_the_real_layout_of_the_map_is_read(real):
    ebv, _ = reddening([120.0, 120.0], [30.0, -60.0], [200.0, 200.0], real / "synthetic" / "bayestar_tiny.h5")
    assert np.isfinite(ebv[0])
    assert 0 <= ebv[0] < 5
